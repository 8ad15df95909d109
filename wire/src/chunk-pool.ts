const KIB = 1024;

/** Sizes of pooled chunks, in bytes. What fits none of them is not pooled. */
const SIZES = [16 * KIB, 64 * KIB, 256 * KIB] as const;
/** Below this Node's own pool for small buffers is as good. */
const SMALLEST = 4 * KIB;
/** Bytes of free chunks kept for each size. */
const KEPT = 8 * KIB * KIB;

const free = new Map<number, Buffer[]>(SIZES.map((size) => [size, []]));

/** Bytes on their way, and the memory they stand in. */
export type PooledChunk = { readonly bytes: Buffer; readonly memory: Buffer | undefined };

/**
 * Copies what was read into memory that is used again and again. Every new buffer counts as external memory, and a
 * few hundred megabytes of those a second make the garbage collector mark the whole heap ten times a second.
 */
export function copyToChunk(source: Buffer): PooledChunk {
  const size = source.length < SMALLEST ? undefined : SIZES.find((each) => source.length <= each);
  if (size === undefined) return { bytes: Buffer.from(source), memory: undefined };
  const memory = free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  source.copy(memory);
  return { bytes: memory.subarray(0, source.length), memory };
}

/** Gives the memory of a chunk back; nothing may read or write it any more. */
export function releaseChunk({ memory }: PooledChunk): void {
  if (memory === undefined) return;
  const list = free.get(memory.length);
  if (list !== undefined && list.length * memory.length < KEPT) list.push(memory);
}
