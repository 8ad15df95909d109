import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { resetSocket } from '@penstock/transport';
import { deadline, PATIENCE_MS } from './deadline.ts';
import { type Received, receive } from './pseudorandom.ts';

/** A TCP client for tests. Disposing destroys the socket and never throws. */
export class TestClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly #closed: Promise<void>;
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  }

  /** Connects. Rejects with the system's error if the connection is not accepted. */
  static async connect(address: HostPort & { readonly localAddress?: string }): Promise<TestClient> {
    const client = new TestClient(connect({ ...address, allowHalfOpen: true, noDelay: true }));
    await deadline(`a connection to port ${address.port}`, once(client.socket, 'connect'));
    return client;
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Sends FIN; the other direction stays open. */
  finish(bytes?: Buffer | string): void {
    if (bytes === undefined) this.socket.end();
    else this.socket.end(bytes);
  }

  reset(): void {
    resetSocket(this.socket);
  }

  /** Reads exactly `bytes` bytes. Rejects if the connection ends first, or after `within` milliseconds. */
  async read(bytes: number, within = PATIENCE_MS): Promise<Buffer> {
    const gather = async () => {
      while (this.#unread.length < bytes) {
        const chunk: unknown = this.socket.read();
        if (Buffer.isBuffer(chunk)) this.#unread = Buffer.concat([this.#unread, chunk]);
        else if (this.socket.readableEnded || this.socket.destroyed) throw new Error('The connection ended.');
        else await this.#change();
      }
    };
    await deadline(`${bytes} bytes`, gather(), within);
    const wanted = this.#unread.subarray(0, bytes);
    this.#unread = this.#unread.subarray(bytes);
    return wanted;
  }

  /** Sends `text` and reads the same number of bytes. */
  async echo(text: string, within = PATIENCE_MS): Promise<string> {
    this.send(text);
    return String(await this.read(Buffer.byteLength(text), within));
  }

  /**
   * Reads to the end, and returns the number of bytes and how the connection ended. Must not be combined with `read`.
   */
  receive(within = PATIENCE_MS): Promise<Received> {
    return deadline('the connection to end', receive(this.socket), within);
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const signs = ['readable', 'end', 'close'] as const;
    for (const sign of signs) this.socket.once(sign, resolve);
    await promise;
    for (const sign of signs) this.socket.off(sign, resolve);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.#closed;
  }
}
