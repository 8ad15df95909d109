import type { OnReadOpts } from 'node:net';

const READ_BYTES = 256 * 1024;

/**
 * The one buffer every socket of this process reads into. A read and its callback are one synchronous step, so
 * the sockets can share it, and a connection that is merely held costs no buffer at all.
 */
let shared: Buffer | undefined;

/**
 * Reads a socket in large pieces. Hand `onread` to the call that makes the socket, and the reader itself to `splice`.
 * What arrives before that is held: one piece, then the socket is paused.
 */
export class SocketReader {
  readonly onread: OnReadOpts;
  #held: Buffer | undefined;
  #deliver: ((chunk: Buffer) => void) | undefined;

  constructor() {
    shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
    const buffer = shared;
    this.onread = {
      buffer,
      callback: (length) => {
        const chunk = buffer.subarray(0, length);
        if (this.#deliver !== undefined) {
          this.#deliver(chunk);
          return true;
        }
        this.#held = this.#held === undefined ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
        return false;
      },
    };
  }

  /** Gives what was held and every further piece to `deliver`, which has it for the length of the call only. */
  attach(deliver: (chunk: Buffer) => void): void {
    this.#deliver = deliver;
    if (this.#held !== undefined) deliver(this.#held);
    this.#held = undefined;
  }
}
