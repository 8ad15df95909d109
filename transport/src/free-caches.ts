import { emptyChunkPool } from './chunk-pool.ts';
import { forgetConnection } from './last-connection.ts';

/** Drops what this process keeps in order to be fast. Called before a collection; `isLong` means that no data has moved for long. */
export function freeCaches(isLong: boolean): void {
  emptyChunkPool();
  if (isLong) forgetConnection();
}
