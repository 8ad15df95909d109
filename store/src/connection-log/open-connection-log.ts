import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CamelCasePlugin, Kysely } from 'kysely';
import { migrate } from '../migrate.ts';
import { SqliteThreadDialect } from '../sqlite-dialect.ts';
import { SqliteDriver, type SqliteDriverOptions } from '../sqlite-driver.ts';
import { StoreError } from '../store-error.ts';
import { createStoreFile } from '../store-file.ts';
import { type ConnectionLogEntries, connectionLogEntries } from './connection-log-entries.ts';
import type { ConnectionLogDatabase } from './connection-log-row.ts';
import { connectionLogMigrations } from './migrations.ts';
import { sqliteLog } from './sqlite-log.ts';

export type ConnectionLogStore = ConnectionLogEntries & {
  /** Finishes the running statement and stops the thread. Everything else fails with `closed`. */
  close(): Promise<void>;
};

export const CONNECTION_LOG_FILE = 'connection-log.sqlite';

/**
 * NORMAL does not wait for the disk at each write: a power failure may cost the last entries but never damages the file.
 * auto_vacuum comes first because it takes effect only before the file has its first page.
 */
const PRAGMAS =
  'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ' +
  'PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -16384;';

export type ConnectionLogStoreOptions = Partial<
  Omit<SqliteDriverOptions, 'file' | 'pragmas' | 'onFailure'>
> & {
  /** Called with the new name of a damaged file. */
  readonly onReplaced?: (damagedFile: string) => void;
};

const defaults = { busyTimeout: 5000, turnTimeout: 5000, statementTimeout: 10_000, maxWaiting: 64 };

/**
 * Opens the connection log in the data directory, and creates it if necessary. It has its own file and thread, so the
 * state of the control plane never waits for it. A damaged file is renamed to `….damaged` and replaced: losing the log
 * is better than not having one. Throws StoreError, as every method of the log may.
 */
export async function openConnectionLog(
  dataDirectory: string,
  { onReplaced, ...options }: ConnectionLogStoreOptions = {},
): Promise<ConnectionLogStore> {
  const file = join(dataDirectory, CONNECTION_LOG_FILE);
  const all = { ...defaults, ...options, file, pragmas: PRAGMAS, onFailure: () => {} };
  try {
    return await openFile(all);
  } catch (error) {
    if (!(error instanceof StoreError) || error.failure !== 'damaged') throw error;
    const damagedFile = await setAside(file);
    onReplaced?.(damagedFile);
    return await openFile(all);
  }
}

async function openFile(options: SqliteDriverOptions): Promise<ConnectionLogStore> {
  await createStoreFile(options.file);
  const driver = new SqliteDriver(options);
  const dialect = new SqliteThreadDialect(driver);
  const db = new Kysely<ConnectionLogDatabase>({ dialect, plugins: [new CamelCasePlugin()] });
  try {
    await migrate(new Kysely<unknown>({ dialect }), { list: connectionLogMigrations });
  } catch (error) {
    await driver.destroy();
    throw error;
  }
  return { ...connectionLogEntries(db, sqliteLog), close: () => driver.destroy() };
}

async function setAside(file: string): Promise<string> {
  const damaged = `${file}.damaged`;
  await rename(file, damaged);
  for (const suffix of ['-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
  return damaged;
}
