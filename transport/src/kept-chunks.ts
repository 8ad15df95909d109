import { type PooledChunk, releaseChunk } from './chunk-pool.ts';

/** Chunks that the peer has acknowledged are removed from the list when they are as many as this. */
const MAX_ACKNOWLEDGED_CHUNKS = 64;

/** Shared by all that keep nothing, which are most. */
const NONE: PooledChunk[] = [];

let totalMemory = 0;

const memoryOf = ({ bytes, memory }: PooledChunk) => memory?.length ?? bytes.length;

/**
 * What one end of a connection has sent, until its peer has handed it on. Positions count the bytes of the connection in
 * this direction, from 0. Chunks go back to their pool when they are acknowledged, unless a write may still reference them.
 */
export class KeptChunks {
  #chunks: PooledChunk[] = NONE;
  /** Index of the first chunk that is kept. */
  #first = 0;
  #start = 0;
  #end = 0;
  #memory = 0;

  /** Position of the first byte that is kept. */
  get start(): number {
    return this.#start;
  }

  /** Position after the last byte. */
  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end - this.#start;
  }

  /** Bytes of memory, which are more where chunks are parts of larger buffers. */
  get memory(): number {
    return this.#memory;
  }

  /** The same of all connections of this process. */
  static get totalMemory(): number {
    return totalMemory;
  }

  push(chunk: PooledChunk): void {
    if (this.#chunks === NONE) this.#chunks = [];
    this.#chunks.push(chunk);
    this.#count(memoryOf(chunk));
    this.#end += chunk.bytes.length;
  }

  /**
   * Forgets everything before `position`. Ignores a position that was acknowledged before. Throws RangeError beyond `end`. A
   * chunk that does not end before `written` is not pooled again: a peer that acknowledges what it has not received must not
   * be sent what another connection reads into that memory.
   */
  acknowledge(position: number, written: number): void {
    if (position > this.#end) throw new RangeError('More bytes are acknowledged than were sent.');
    while (this.#start < position) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) return;
      const remaining = this.#start + chunk.bytes.length - position;
      if (remaining > 0) {
        this.#chunks[this.#first] = { bytes: chunk.bytes.subarray(-remaining), memory: chunk.memory };
        this.#start = position;
        break;
      }
      this.#start += chunk.bytes.length;
      this.#first += 1;
      this.#count(-memoryOf(chunk));
      if (this.#start <= written) releaseChunk(chunk);
    }
    if (this.#first === this.#chunks.length || this.#first >= MAX_ACKNOWLEDGED_CHUNKS) {
      this.#chunks = this.#first === this.#chunks.length ? NONE : this.#chunks.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The stream that everything was written to is lost, and may reference it until its end: it is not pooled again. */
  abandon(): void {
    if (this.#chunks === NONE) return;
    this.#chunks = this.#chunks.slice(this.#first).map(({ bytes }) => ({ bytes, memory: undefined }));
    this.#first = 0;
    this.#count(this.bytes - this.#memory);
  }

  /** What is kept, in order. */
  *[Symbol.iterator](): Generator<Buffer> {
    for (const { bytes } of this.#chunks.slice(this.#first)) yield bytes;
  }

  /** Forgets everything. Its memory is not pooled again. */
  clear(): void {
    this.#chunks = NONE;
    this.#first = 0;
    this.#start = this.#end;
    this.#count(-this.#memory);
  }

  #count(change: number): void {
    this.#memory += change;
    totalMemory += change;
  }
}
