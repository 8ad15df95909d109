import type { OnReadOpts } from 'node:net';

const READ_BYTES = 256 * 1024;

/**
 * The one buffer every socket of this process reads into. A read and its callback are one synchronous step, so
 * the sockets can share it, and a connection that is merely held costs no buffer at all.
 */
let shared: Buffer | undefined;

/**
 * Reads a dialed socket in large pieces. Hand `onread` to the call that makes the socket (net.connect), and the
 * reader itself to `splice`, which takes it over before the socket can be read.
 */
export class SocketReader {
  readonly onread: OnReadOpts;
  #deliver: ((chunk: Buffer) => void) | undefined;

  constructor() {
    shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
    const buffer = shared;
    this.onread = {
      buffer,
      callback: (length) => {
        this.#deliver?.(Buffer.from(buffer.subarray(0, length)));
        return true;
      },
    };
  }

  /** Gives every further piece, a copy that its taker owns, to `deliver`. */
  attach(deliver: (chunk: Buffer) => void): void {
    this.#deliver = deliver;
  }
}
