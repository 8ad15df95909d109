import { garbageCollector, memoryReturner } from '@penstock/runtime';
import { shrinkChunkPool } from './chunk-pool.ts';
import { KeptChunks } from './kept-chunks.ts';

/** Bytes of a connection whose end may leave megabytes of free memory. */
const BULK_BYTES = 16 * 1024 * 1024;
/** Connections end together. To collect and to return memory take a millisecond or two each, in which everything else waits. */
const DELAY_MS = 500;
/** Time in which the memory of collected buffers is freed, beside the program. */
const FREED_MS = 100;

let returnMemory: (() => void) | undefined;
let isDue = false;

/**
 * Frees buffers, pooled ones and those that Node read into, and returns free memory to the operating system, soon after the end of a
 * connection that has moved much. Once the data is through, nothing causes a collection, and tens of megabytes of them would stay until the
 * program is quiet. To be called at the end of each connection, with the `bytes` that it has moved.
 */
export function releaseAfter(bytes: number): void {
  if (bytes < BULK_BYTES || isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    shrinkChunkPool(KeptChunks.totalMemory);
    garbageCollector()('young');
    setTimeout(() => {
      returnMemory ??= memoryReturner();
      returnMemory();
    }, FREED_MS).unref();
  }, DELAY_MS).unref();
}
