import type { Socket } from 'node:net';
import { TunnelError } from '@penstock/wire';

const END_EVENTS = ['end', 'close', 'error'] as const;

/**
 * Reads exact numbers of bytes from a client during its handshake. Bytes that are not read stay in the socket for its
 * next reader. The socket must be paused and must have been constructed without a SocketReader.
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
   * Reads exactly `count` bytes; the caller must bound it. Throws TunnelError CLIENT_GONE if the client disconnects
   * first, and the signal's reason if that is aborted.
   */
  async read(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      this.#signal.throwIfAborted();
      const bytes: unknown = this.#socket.readableLength >= count ? this.#socket.read(count) : undefined;
      if (Buffer.isBuffer(bytes)) return bytes;
      if (this.#socket.readableEnded || this.#socket.destroyed || this.#hasEnded) {
        throw new TunnelError('CLIENT_GONE', 'The client disconnected during its handshake.');
      }
      await this.#waitForMore(count);
    }
  }

  /** Reads everything that has arrived, at least one byte. Throws as `read` does. */
  async readAvailable(): Promise<Buffer> {
    const first = await this.read(1);
    const rest: unknown = this.#socket.readableLength > 0 ? this.#socket.read() : undefined;
    return Buffer.isBuffer(rest) ? Buffer.concat([first, rest]) : first;
  }

  /** Puts bytes back in front of everything that is still unread. */
  unshift(bytes: Buffer): void {
    if (bytes.length > 0) this.#socket.unshift(bytes);
  }

  /** Waits until more bytes are buffered than now, or the socket has ended. `count` is how many are wanted. */
  async #waitForMore(count: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const before = this.#socket.readableLength;
    const onAbort = () => reject(this.#signal.reason);
    const onEnd = () => {
      this.#hasEnded = true;
      resolve();
    };
    // 'readable' is also emitted for bytes that were already buffered, so the event alone means nothing. Reading again
    // makes the socket emit 'end' behind bytes that are too few.
    const onReadable = () => {
      if (this.#socket.readableLength !== before) resolve();
      else this.#socket.read(count);
    };
    for (const event of END_EVENTS) this.#socket.once(event, onEnd);
    this.#socket.on('readable', onReadable);
    this.#signal.addEventListener('abort', onAbort, { once: true });
    this.#socket.read(0);
    try {
      await promise;
    } finally {
      for (const event of END_EVENTS) this.#socket.off(event, onEnd);
      this.#socket.off('readable', onReadable);
      this.#signal.removeEventListener('abort', onAbort);
    }
  }
}
