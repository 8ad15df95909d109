import { memoryReturner } from '@penstock/runtime';
import { shrinkChunkPool } from './chunk-pool.ts';
import { KeptChunks } from './kept-chunks.ts';

/** Bytes of a connection whose end may leave megabytes of free memory. */
const BULK_BYTES = 16 * 1024 * 1024;
/** Connections end together. Returning memory takes a millisecond or two, in which everything else waits. */
const DELAY_MS = 500;

let returnMemory: (() => void) | undefined;
let isDue = false;

/**
 * Frees pooled buffers, and returns free memory to the operating system, soon after the end of a connection that has moved much. To be
 * called at the end of each connection, with the `bytes` that it has moved.
 */
export function releaseAfter(bytes: number): void {
  if (bytes < BULK_BYTES || isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    shrinkChunkPool(KeptChunks.totalMemory);
    returnMemory ??= memoryReturner();
    returnMemory();
  }, DELAY_MS).unref();
}
