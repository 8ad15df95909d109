import type { OnReadOpts } from 'node:net';
import { copyToChunk, LARGEST_CHUNK, type PooledChunk, releaseChunk, takeChunk } from './chunk-pool.ts';

/** A read this long, in bytes, says that more is on its way. */
const BUSY_BYTES = 64 * 1024;

/** What is held before somebody takes it: when either is reached, the socket is read no further. */
const HELD_BYTES = 64 * 1024;
const HELD_PIECES = 16;

/**
 * The buffer that sockets read into while they are not busy. A read and its callback are one synchronous step, so
 * all sockets of this process share it, and a connection that is merely held costs no buffer at all.
 */
let shared: Buffer | undefined;

/**
 * Reads a socket in large pieces. Hand `onread` to the call that makes the socket, and the reader itself to `splice`.
 * A little of what arrives before that is held, since only a socket that is read tells that its peer has left. A
 * busy socket reads into memory of its own, which is passed on as it is; what a quiet one reads is copied out of the
 * shared buffer.
 */
export class SocketReader {
  readonly onread: OnReadOpts;
  readonly #held: PooledChunk[] = [];
  #heldBytes = 0;
  #own: Buffer | undefined;
  #deliver: ((chunk: PooledChunk) => void) | undefined;

  constructor() {
    shared ??= Buffer.allocUnsafeSlow(LARGEST_CHUNK);
    const quiet = shared;
    this.onread = {
      buffer: () => this.#own ?? quiet,
      callback: (length, buffer) => this.#read(length, buffer),
    };
  }

  /** Gives what was held and every further piece to `deliver`, which must release each. */
  attach(deliver: (chunk: PooledChunk) => void): void {
    this.#deliver = deliver;
    for (const chunk of this.#held.splice(0)) deliver(chunk);
  }

  /** Holds what arrives from now on, for another to attach. */
  detach(): void {
    this.#deliver = undefined;
    this.#heldBytes = 0;
  }

  #read(length: number, buffer: Uint8Array): boolean {
    const own = this.#own;
    const busy = length >= BUSY_BYTES;
    let chunk: PooledChunk;
    if (busy && own !== undefined) {
      chunk = { bytes: own.subarray(0, length), memory: own };
      this.#own = takeChunk(LARGEST_CHUNK);
    } else {
      chunk = copyToChunk(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      if (own !== undefined) releaseChunk({ memory: own });
      this.#own = busy ? takeChunk(LARGEST_CHUNK) : undefined;
    }
    if (this.#deliver === undefined) {
      this.#held.push(chunk);
      this.#heldBytes += length;
      return this.#held.length < HELD_PIECES && this.#heldBytes < HELD_BYTES;
    }
    this.#deliver(chunk);
    return true;
  }
}
