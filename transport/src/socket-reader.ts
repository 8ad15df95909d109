import type { OnReadOpts } from 'node:net';
import { copyToChunk, MAX_CHUNK_BYTES, type PooledChunk, releaseChunk, takeChunk } from './chunk-pool.ts';
import { countData } from './data-moved.ts';

/** A read of this many bytes indicates that more data is coming. */
const BUSY_BYTES = 64 * 1024;

/** Limits of the data buffered before `attach`. The socket is paused at either. */
const MAX_BUFFERED_BYTES = 64 * 1024;
const MAX_BUFFERED_CHUNKS = 16;

/**
 * The buffer that quiet sockets read into. A read and its callback are one synchronous step, so all sockets of the
 * process share it, and an idle connection needs no buffer of its own.
 */
let shared: Buffer | undefined;

/**
 * Reads a socket in large chunks. Pass `onread` to the constructor of the socket, and the reader to `splice`. A limited
 * amount of data is buffered before that, because Node notices that a peer has left only while it reads. A busy socket
 * reads into a buffer of its own, which is passed on without a copy; data of a quiet socket is copied from the shared
 * buffer.
 */
export class SocketReader {
  readonly onread: OnReadOpts;
  readonly #buffered: PooledChunk[] = [];
  #bufferedBytes = 0;
  #own: Buffer | undefined;
  #deliver: ((chunk: PooledChunk) => void) | undefined;

  constructor() {
    shared ??= Buffer.allocUnsafeSlow(MAX_CHUNK_BYTES);
    const quiet = shared;
    this.onread = {
      buffer: () => this.#own ?? quiet,
      callback: (length, buffer) => this.#read(length, buffer),
    };
  }

  /** Passes buffered and future chunks to `deliver`, which must release each of them. */
  attach(deliver: (chunk: PooledChunk) => void): void {
    this.#deliver = deliver;
    for (const chunk of this.#buffered.splice(0)) deliver(chunk);
  }

  /** Buffers data again, until the next `attach`. */
  detach(): void {
    this.#deliver = undefined;
    this.#bufferedBytes = 0;
  }

  #read(length: number, buffer: Uint8Array): boolean {
    countData();
    const own = this.#own;
    const busy = length >= BUSY_BYTES;
    let chunk: PooledChunk;
    if (busy && own !== undefined) {
      chunk = { bytes: own.subarray(0, length), memory: own };
      this.#own = takeChunk(MAX_CHUNK_BYTES);
    } else {
      chunk = copyToChunk(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      if (own !== undefined) releaseChunk({ memory: own });
      this.#own = busy ? takeChunk(MAX_CHUNK_BYTES) : undefined;
    }
    if (this.#deliver === undefined) {
      this.#buffered.push(chunk);
      this.#bufferedBytes += length;
      return this.#buffered.length < MAX_BUFFERED_CHUNKS && this.#bufferedBytes < MAX_BUFFERED_BYTES;
    }
    this.#deliver(chunk);
    return true;
  }
}
