import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFailureText, syncDirectory } from '@penstock/runtime';
import { countRows } from './copy-store.ts';
import { createStore, openStore } from './open-store.ts';
import type { Store } from './sql-store.ts';
import { StoreError } from './store-error.ts';
import { MOVED_SUFFIX, MOVED_TO_SUFFIX, STORE_FILE, storeFileState } from './store-file.ts';

/** A directory in the data directory, so that the finished file can be renamed. */
const UNFINISHED = `${STORE_FILE}.unfinished`;

/**
 * Creates the embedded store with what `fill` writes into it. Until all of it is there, the data directory has no store: a
 * gateway would start on an empty one, which has no revocations. Then the store counts as moved no longer. The caller
 * holds the lock of the data directory. Rejects with the error of `fill`, or StoreError if there is a store with content.
 */
export async function createFilledStore<Result>(
  dataDirectory: string,
  fill: (store: Store) => Promise<Result>,
): Promise<Result> {
  const file = join(dataDirectory, STORE_FILE);
  if ((await storeFileState(file)) === 'present') await requireEmpty(dataDirectory);
  const unfinished = join(dataDirectory, UNFINISHED);
  const finished = join(unfinished, STORE_FILE);
  try {
    // An earlier attempt may have been killed.
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    const store = await createStore(unfinished);
    const result = await fill(store).finally(() => store.close());
    if ((await storeFileState(`${finished}-wal`)) === 'present') {
      throw new StoreError('failed', `SQLite has not finished writing ${finished}. Try again.`);
    }
    for (const suffix of ['-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
    await rename(finished, file);
    await syncDirectory(dataDirectory);
    for (const suffix of [MOVED_SUFFIX, `${MOVED_SUFFIX}-wal`, `${MOVED_SUFFIX}-shm`, MOVED_TO_SUFFIX]) {
      await rm(`${file}${suffix}`, { force: true });
    }
    return result;
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new StoreError('failed', fileFailureText(`${file} cannot be written`, dataDirectory, cause), {
      cause,
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function requireEmpty(dataDirectory: string): Promise<void> {
  const store = await openStore(dataDirectory);
  const tables = await countRows(store).finally(() => store.close());
  const full = tables.find(({ rows }) => rows > 0);
  if (full === undefined) return;
  throw new StoreError(
    'failed',
    `${join(dataDirectory, STORE_FILE)} is not empty: its table ${full.table} has rows. Nothing was copied. Move the file ` +
      'away, or use a new data directory.',
    { outage: 'none' },
  );
}
