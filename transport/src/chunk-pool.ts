const KIB = 1024;

/** Sizes of pooled memory, in bytes. */
const SIZES = [16 * KIB, 64 * KIB, 256 * KIB] as const;
/** Below this Node's own pool for small buffers is as good. */
const SMALLEST = 4 * KIB;
/** Bytes of free memory kept for each size. */
const KEPT = 8 * KIB * KIB;

/** The most one chunk holds, in bytes. */
export const LARGEST_CHUNK = 256 * KIB;

const free = new Map<number, Buffer[]>(SIZES.map((size) => [size, []]));

/** Bytes on their way, and the memory they stand in, where that is pooled. */
export type PooledChunk = { readonly bytes: Buffer; readonly memory: Buffer | undefined };

/**
 * Memory for `size` bytes, one of the pooled sizes, used again and again. Every new buffer counts as external memory, and a
 * few hundred megabytes of those a second make the garbage collector mark the whole heap ten times a second.
 */
export function takeChunk(size: number): Buffer {
  return free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

/** A copy of `source`, which its owner will overwrite. */
export function copyToChunk(source: Buffer): PooledChunk {
  const size = source.length < SMALLEST ? undefined : SIZES.find((each) => source.length <= each);
  if (size === undefined) return { bytes: Buffer.from(source), memory: undefined };
  const memory = takeChunk(size);
  source.copy(memory);
  return { bytes: memory.subarray(0, source.length), memory };
}

/** Gives the memory of a chunk back; nothing may read or write it any more. */
export function releaseChunk({ memory }: Pick<PooledChunk, 'memory'>): void {
  if (memory === undefined) return;
  const list = free.get(memory.length);
  if (list !== undefined && list.length * memory.length < KEPT) list.push(memory);
}
