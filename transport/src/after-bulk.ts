import { memoryReturner } from '@penstock/runtime';
import { shrinkChunkPool } from './chunk-pool.ts';
import { KeptChunks } from './kept-chunks.ts';

/** Bytes of a connection from which its end leaves megabytes of free memory, and a pause of some milliseconds is lost in its time. */
const BULK_BYTES = 16 * 1024 * 1024;

let returnMemory: (() => void) | undefined;
let isDue = false;

/**
 * Gives back what a connection needed while it moved `bytes`. To be called when it has ended. What was freed meanwhile is the
 * larger part: the C library keeps it below anything in use, 40 MiB in each program after the load of 16 streams.
 */
export function releaseAfter(bytes: number): void {
  shrinkChunkPool(KeptChunks.totalMemory);
  if (bytes < BULK_BYTES || isDue) return;
  isDue = true;
  setImmediate(() => {
    isDue = false;
    returnMemory ??= memoryReturner();
    returnMemory();
  });
}
