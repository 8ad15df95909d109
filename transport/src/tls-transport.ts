import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { releaseChunk } from './chunk-pool.ts';
import { resetSocket } from './reset-socket.ts';
import type { SocketReader } from './socket-reader.ts';

/**
 * The way of TLS records over a TCP socket that somebody has already read from. Give it to node:tls in place of the
 * socket, then `carry` the TLS socket that this made. It tells a peer that said goodbye (close_notify, RFC 8446
 * section 6.1) from one that was cut off, which a TLS socket right on TCP does not, and lets the connection end by a
 * reset, which a TLS socket cannot.
 */
export class TlsTransport extends Duplex {
  readonly #socket: Socket;
  #tls: TLSSocket | undefined;
  #finReceived = false;
  #isTruncated = false;

  /** `first`: what was read from the socket already. The socket is open, and allows half-open. */
  constructor(socket: Socket, reader: SocketReader | undefined, first?: Buffer) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    if (first !== undefined && first.length > 0) this.push(first);
    const deliver = (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    };
    socket.once('end', () => {
      this.#finReceived = true;
      this.push(null);
    });
    socket.on('error', () => {});
    socket.once('close', () => this.destroy());
    if (reader === undefined) socket.on('data', deliver);
    else {
      reader.attach((chunk) => {
        // TLS decrypts into memory of its own and is done with this piece some time later: it gets a copy.
        deliver(Buffer.from(chunk.bytes));
        releaseChunk(chunk);
      });
    }
    if (socket.destroyed) this.destroy();
  }

  /** Watches how `tls`, which runs over this, is ended by its peer. To be called before anything else uses it. */
  carry(tls: TLSSocket): void {
    this.#tls = tls;
    const push = tls.push.bind(tls);
    // Node pushes null for a close_notify and for a FIN alike. Which of them it was is known now and not at 'end',
    // which waits for the reader.
    tls.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && this.#finReceived) this.#isTruncated = true;
      return push(chunk, encoding);
    };
  }

  /** Whether the peer's FIN came without a close_notify: what was received need not be all that was sent. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Ends the TCP connection by a reset, and the TLS connection with it. */
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
