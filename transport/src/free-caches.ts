import { emptyChunkPool } from './chunk-pool.ts';
import { forgetConnection } from './last-connection.ts';

/** Drops what this process keeps in order to be fast. Called before a collection; `isThorough` means that nobody waits for data. */
export function freeCaches(isThorough: boolean): void {
  emptyChunkPool();
  if (isThorough) forgetConnection();
}
