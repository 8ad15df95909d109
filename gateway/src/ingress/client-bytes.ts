import type { Socket } from 'node:net';
import { TunnelError } from '@penstock/wire';

const SIGNS = ['readable', 'end', 'close', 'error'] as const;

/**
 * What a client says before its connection is known, taken in exact pieces. What is not taken stays in the socket for
 * whoever reads it next. The socket must be paused and made without a reader.
 */
export class ClientBytes {
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
    const abort = () => reject(this.#signal.reason);
    const end = () => {
      this.#hasEnded = true;
    };
    this.#socket.once('end', end);
    for (const sign of SIGNS) this.#socket.once(sign, resolve);
    this.#signal.addEventListener('abort', abort, { once: true });
    // Asks the system for more: what is there already does not suffice.
    this.#socket.read(this.#socket.readableLength === 0 ? 0 : count);
    try {
      await promise;
    } finally {
      this.#socket.off('end', end);
      for (const sign of SIGNS) this.#socket.off(sign, resolve);
      this.#signal.removeEventListener('abort', abort);
    }
  }
}
