import { type PooledChunk, releaseChunk, takeChunk } from './chunk-pool.ts';
import { type KeptBudget, nearBudget } from './kept-budget.ts';

/** Chunks that the peer has acknowledged are removed from the list when they are as many as this. */
const MAX_ACKNOWLEDGED_CHUNKS = 64;

/**
 * Chunks up to this size are copied into a block that they share. Each is kept for some milliseconds, so thousands of small
 * objects would outlive the young generation.
 */
const MAX_COPIED_BYTES = 2 * 1024;
const BLOCK_BYTES = 16 * 1024;

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
  /** Small chunks, behind all others. No write references it. */
  #block: Buffer | undefined;
  #blockLength = 0;
  #start = 0;
  #end = 0;
  #memory = 0;
  #budget: KeptBudget;

  constructor(budget: KeptBudget = nearBudget) {
    this.#budget = budget;
  }

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

  /** Bytes of memory that it may have now. */
  get limit(): number {
    return this.#budget.limit;
  }

  /** Counts its memory in another budget from now on. */
  charge(budget: KeptBudget): void {
    this.#budget.count(-this.#memory);
    this.#budget = budget;
    this.#budget.count(this.#memory);
  }

  /** The memory of all connections of this process. */
  static get totalMemory(): number {
    return totalMemory;
  }

  push(chunk: PooledChunk): void {
    const { bytes, memory } = chunk;
    if (memory === undefined && bytes.length <= MAX_COPIED_BYTES) this.#copy(bytes);
    else {
      this.#closeBlock();
      this.#add(chunk);
    }
    this.#end += bytes.length;
  }

  /**
   * Forgets everything before `position`. Ignores a position that was acknowledged before. Throws RangeError beyond `end`. A
   * chunk that does not end before `written` is not pooled again: a peer that acknowledges what it has not received must not
   * be sent what another connection reads into that memory.
   */
  acknowledge(position: number, written: number): void {
    if (position > this.#end) throw new RangeError('More bytes are acknowledged than were sent.');
    if (position <= this.#start) return;
    while (this.#first < this.#chunks.length && this.#start < position) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) break;
      const remaining = this.#start + chunk.bytes.length - position;
      if (remaining > 0) {
        const rest = { bytes: chunk.bytes.subarray(-remaining), memory: chunk.memory };
        this.#chunks[this.#first] = rest;
        this.#count(memoryOf(rest) - memoryOf(chunk));
        this.#start = position;
        return;
      }
      this.#start += chunk.bytes.length;
      this.#first += 1;
      this.#count(-memoryOf(chunk));
      if (this.#start <= written) releaseChunk(chunk);
    }
    if (this.#first === this.#chunks.length) this.#chunks = NONE;
    else if (this.#first >= MAX_ACKNOWLEDGED_CHUNKS) this.#chunks = this.#chunks.slice(this.#first);
    else return;
    this.#first = 0;
    this.#start = Math.max(this.#start, position);
    if (this.#start === this.#end) this.#releaseBlock();
  }

  /** The stream that everything was written to is lost, and may reference it until its end: it is not pooled again. */
  abandon(): void {
    this.#closeBlock();
    if (this.#chunks === NONE) return;
    this.#chunks = this.#chunks.slice(this.#first).map(({ bytes }) => ({ bytes, memory: undefined }));
    this.#first = 0;
    this.#count(this.bytes - this.#memory);
  }

  /** What is kept, in order, to be written. */
  *[Symbol.iterator](): Generator<Buffer> {
    this.#closeBlock();
    for (const { bytes } of this.#chunks.slice(this.#first)) yield bytes;
  }

  /** Forgets everything. Its memory is not pooled again. */
  clear(): void {
    this.#chunks = NONE;
    this.#first = 0;
    this.#block = undefined;
    this.#start = this.#end;
    this.#count(-this.#memory);
  }

  #add(chunk: PooledChunk): void {
    if (this.#chunks === NONE) this.#chunks = [];
    this.#chunks.push(chunk);
    this.#count(memoryOf(chunk));
  }

  #copy(bytes: Buffer): void {
    if (this.#block === undefined || this.#blockLength + bytes.length > BLOCK_BYTES) {
      this.#closeBlock();
      this.#block = takeChunk(BLOCK_BYTES);
      this.#blockLength = 0;
      this.#count(BLOCK_BYTES);
    }
    bytes.copy(this.#block, this.#blockLength);
    this.#blockLength += bytes.length;
  }

  /** Makes the block an ordinary chunk, whose memory writes may reference from now on. */
  #closeBlock(): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    this.#count(-BLOCK_BYTES);
    const kept = this.#chunks === NONE ? Math.min(this.#blockLength, this.bytes) : this.#blockLength;
    this.#add({ bytes: block.subarray(this.#blockLength - kept, this.#blockLength), memory: block });
  }

  #releaseBlock(): void {
    if (this.#block === undefined) return;
    releaseChunk({ memory: this.#block });
    this.#block = undefined;
    this.#count(-BLOCK_BYTES);
  }

  #count(change: number): void {
    this.#memory += change;
    totalMemory += change;
    this.#budget.count(change);
  }
}
