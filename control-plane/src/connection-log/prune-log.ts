import type { ConnectionLogStore } from '@penstock/store';

export type LogLimits = {
  /** Milliseconds that an entry is kept after the connection has ended. */
  readonly retention: number;
  /** Bytes. */
  readonly maxSize: number;
};

/** Entries deleted by one statement, so that writing never waits long. */
const CHUNK_ENTRIES = 1000;
/** Statements of one call; the next call continues. Deleting keeps up with entries that are written ten times as fast. */
const MAX_CHUNKS = 40;
/** Share of the maximum size that is in use after deleting. */
const TARGET_SHARE = 0.95;
const SHRINK_PAGES = 2000;

/** Deletes entries that are too old, then the oldest ones until the log is small enough. Rejects with StoreError. */
export async function pruneLog(
  store: Pick<ConnectionLogStore, 'deleteEnded' | 'size' | 'shrink'>,
  { retention, maxSize }: LogLimits,
  now: number,
): Promise<void> {
  let chunks = 0;
  for (; chunks < MAX_CHUNKS; chunks += 1) {
    if ((await store.deleteEnded(now - retention, CHUNK_ENTRIES)) < CHUNK_ENTRIES) break;
  }
  const { used, free } = await store.size();
  if (used > maxSize) {
    for (; chunks < MAX_CHUNKS; chunks += 1) {
      if ((await store.deleteEnded(Number.MAX_SAFE_INTEGER, CHUNK_ENTRIES)) === 0) break;
      if ((await store.size()).used <= maxSize * TARGET_SHARE) break;
    }
  }
  // Free pages are reused. They are given back only after `maxSize` was lowered.
  if (used + free > maxSize * 1.1) await store.shrink(SHRINK_PAGES);
}
