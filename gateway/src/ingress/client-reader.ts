import type { Socket } from 'node:net';
import { TunnelError } from '@penstock/wire';

const ENDS = ['end', 'close', 'error'] as const;

/**
 * What a client says before its connection is known, taken in exact pieces. What is not taken stays in the socket for
 * whoever reads it next. The socket must be paused and made without a reader.
 */
export class ClientReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #hasEnded = false;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /**
   * Exactly `count` bytes; the caller bounds it. Throws TunnelError CLIENT_GONE when the client ends before, and the
   * signal's reason when that is aborted.
   */
  async take(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      this.#signal.throwIfAborted();
      const bytes: unknown = this.#socket.readableLength >= count ? this.#socket.read(count) : undefined;
      if (Buffer.isBuffer(bytes)) return bytes;
      if (this.#socket.readableEnded || this.#socket.destroyed || this.#hasEnded) {
        throw new TunnelError('CLIENT_GONE', 'The client left before it had said what it wants.');
      }
      await this.#change(count);
    }
  }

  /** What has come, one byte at least. Throws as `take` does. */
  async some(): Promise<Buffer> {
    const first = await this.take(1);
    const rest: unknown = this.#socket.readableLength > 0 ? this.#socket.read() : undefined;
    return Buffer.isBuffer(rest) ? Buffer.concat([first, rest]) : first;
  }

  /** Puts bytes back that were taken, in front of everything. */
  putBack(bytes: Buffer): void {
    if (bytes.length > 0) this.#socket.unshift(bytes);
  }

  /** Waits for more than is there. */
  async #change(count: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const before = this.#socket.readableLength;
    const abort = () => reject(this.#signal.reason);
    const ended = () => {
      this.#hasEnded = true;
      resolve();
    };
    // Comes at once where something is there already, so that it alone says nothing. Asking again is what makes an
    // end show behind bytes that are too few.
    const more = () => {
      if (this.#socket.readableLength !== before) resolve();
      else this.#socket.read(count);
    };
    for (const sign of ENDS) this.#socket.once(sign, ended);
    this.#socket.on('readable', more);
    this.#signal.addEventListener('abort', abort, { once: true });
    this.#socket.read(0);
    try {
      await promise;
    } finally {
      for (const sign of ENDS) this.#socket.off(sign, ended);
      this.#socket.off('readable', more);
      this.#signal.removeEventListener('abort', abort);
    }
  }
}
