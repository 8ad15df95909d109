import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { releaseChunk } from './chunk-pool.ts';
import { resetSocket } from './reset-socket.ts';
import type { SocketReader } from './socket-reader.ts';

/**
 * Carries TLS records over a TCP socket from which data has been read already. Pass it to node:tls in place of the
 * socket, then call `carry` with the resulting TLS socket. It distinguishes a close_notify (RFC 8446 section 6.1) from a
 * truncated connection, and can reset the connection. A TLS socket directly on TCP can do neither.
 */
export class TlsTransport extends Duplex {
  readonly #socket: Socket;
  #tls: TLSSocket | undefined;
  #isEndRead = false;
  #isTruncated = false;

  /** `first`: data already read from the socket, which must be open and have `allowHalfOpen`. */
  constructor(socket: Socket, reader: SocketReader | undefined, first?: Buffer) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    if (first !== undefined && first.length > 0) this.push(first);
    const deliver = (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    };
    socket.once('end', () => this.push(null));
    // Once TLS has read everything before it: there may be a close_notify in what it has not read when FIN arrives.
    this.once('end', () => {
      this.#isEndRead = true;
    });
    socket.on('error', () => {});
    socket.once('close', () => this.destroy());
    if (reader === undefined) socket.on('data', deliver);
    else {
      reader.attach((chunk) => {
        // TLS uses the chunk after this callback returns, so it gets a copy.
        deliver(Buffer.from(chunk.bytes));
        releaseChunk(chunk);
      });
    }
    if (socket.destroyed) this.destroy();
  }

  /** Observes how the peer ends `tls`, which runs over this. Must be called before `tls` is used otherwise. */
  carry(tls: TLSSocket): void {
    this.#tls = tls;
    const push = tls.push.bind(tls);
    // Node pushes null for a close_notify and for a FIN. They differ here, but not at 'end', which is
    // emitted only after the reader has consumed all data.
    tls.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && this.#isEndRead) this.#isTruncated = true;
      return push(chunk, encoding);
    };
  }

  /** Whether the peer sent FIN without close_notify, so the received data may be incomplete. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Resets the TCP connection and destroys the TLS socket. */
  reset(): void {
    resetSocket(this.#socket);
    this.#tls?.destroy();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork();
    for (const [index, { chunk }] of chunks.entries()) {
      if (index === chunks.length - 1) this.#socket.write(chunk, done);
      else this.#socket.write(chunk);
    }
    this.#socket.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
