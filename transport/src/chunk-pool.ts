const KIB = 1024;

/** Sizes of pooled buffers, in bytes. */
const SIZES = [16 * KIB, 64 * KIB, 256 * KIB] as const;
/** Bytes. For smaller chunks Node's own buffer pool is as fast. */
const MIN_POOLED_BYTES = 4 * KIB;
/**
 * Bytes of free buffers that are kept, of all sizes together: more than connections keep together for their peers over a short round
 * trip (`kept-budget.ts`). What they let go of is garbage that lives long, and would double the memory of a busy process.
 */
const MAX_FREE_BYTES = 64 * KIB * KIB;
/** Bytes of each size that are kept whatever the others have: many small messages must leave room for bulk. */
const MIN_FREE_BYTES = 8 * KIB * KIB;

/** Bytes that are kept while nothing is in use, for what comes next. */
const IDLE_FREE_BYTES = KIB * KIB;

/** Largest pooled size. */
export const MAX_CHUNK_BYTES = 256 * KIB;

const free = new Map<number, Buffer[]>(SIZES.map((size) => [size, []]));
let freeBytes = 0;

/** A chunk of data, and the pooled buffer it is a part of; `memory` is undefined when it is not pooled. */
export type PooledChunk = { readonly bytes: Buffer; readonly memory: Buffer | undefined };

/**
 * Returns a buffer of `size` bytes, which should be one of the pooled sizes. Buffers are reused: new ones count as
 * external memory, and allocating a few hundred megabytes per second makes V8 mark the whole heap ten times per second.
 */
export function takeChunk(size: number): Buffer {
  const chunk = free.get(size)?.pop();
  if (chunk === undefined) return Buffer.allocUnsafeSlow(size);
  freeBytes -= size;
  return chunk;
}

/** Copies `source`, which its owner is about to overwrite. */
export function copyToChunk(source: Buffer): PooledChunk {
  const size = source.length < MIN_POOLED_BYTES ? undefined : SIZES.find((each) => source.length <= each);
  if (size === undefined) return { bytes: Buffer.from(source), memory: undefined };
  const memory = takeChunk(size);
  source.copy(memory);
  return { bytes: memory.subarray(0, source.length), memory };
}

/** Drops all free buffers. */
export function emptyChunkPool(): void {
  for (const list of free.values()) list.length = 0;
  freeBytes = 0;
}

/**
 * Frees buffers of the pool, down to as many bytes as are in use. At once: as garbage they would stay until the whole heap is collected.
 * Nothing may reference a chunk that was released, not even a write to a stream that was destroyed.
 */
export function shrinkChunkPool(bytesInUse: number): void {
  const wanted = Math.max(IDLE_FREE_BYTES, bytesInUse);
  for (const size of SIZES.toReversed()) {
    const list = free.get(size) ?? [];
    while (freeBytes > wanted) {
      const chunk = list.pop();
      if (chunk === undefined) break;
      freeBytes -= size;
      (chunk.buffer as ArrayBuffer).transfer(0);
    }
  }
}

/** Returns the memory of a chunk to the pool. The caller must no longer use the chunk. */
export function releaseChunk({ memory }: Pick<PooledChunk, 'memory'>): void {
  if (memory === undefined) return;
  const list = free.get(memory.length);
  if (list === undefined) return;
  if (freeBytes >= MAX_FREE_BYTES && list.length * memory.length >= MIN_FREE_BYTES) return;
  list.push(memory);
  freeBytes += memory.length;
}
