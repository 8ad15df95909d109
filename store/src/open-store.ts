import { join } from 'node:path';
import { CamelCasePlugin, Kysely } from 'kysely';
import { sqliteClock } from './database-clock.ts';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';
import { type Store, sqlStore } from './sql-store.ts';
import { SqliteThreadDialect } from './sqlite-dialect.ts';
import { SqliteDriver, type SqliteDriverOptions } from './sqlite-driver.ts';
import { createStoreFile, RESTORE_ADVICE, requireStoreFile, STORE_FILE } from './store-file.ts';
import { StoreHealth } from './store-health.ts';
import { requireStore, storeMigrations } from './store-tables.ts';

/** FULL, because an acknowledged revocation must survive a power failure. */
const PRAGMAS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;';

const defaults = { busyTimeout: 5000, turnTimeout: 5000, statementTimeout: 10_000, maxWaiting: 512 };

export type StoreOptions = Partial<Omit<SqliteDriverOptions, 'file' | 'pragmas' | 'onFailure'>>;

/**
 * Opens the embedded store that `createStore` made in the data directory, and migrates its tables to this version. Throws
 * StoreError, as every method of the store may. Never creates a store: an empty one has no revocations.
 */
export async function openStore(dataDirectory: string, options: StoreOptions = {}): Promise<Store> {
  const file = join(dataDirectory, STORE_FILE);
  await requireStoreFile(file);
  return open(file, options, false);
}

/**
 * Like `openStore`, but creates the store if the file is missing or holds nothing. Only `init` may, and not where a store was
 * lost. Throws StoreError.
 */
export async function createStore(dataDirectory: string, options: StoreOptions = {}): Promise<Store> {
  const file = join(dataDirectory, STORE_FILE);
  await createStoreFile(file);
  return open(file, options, true);
}

async function open(file: string, options: StoreOptions, orEmpty: boolean): Promise<Store> {
  const health: StoreHealth = new StoreHealth({ probe: () => driver.probe() });
  const driver: SqliteDriver = new SqliteDriver({
    ...defaults,
    ...options,
    file,
    pragmas: PRAGMAS,
    onFailure: (error) => health.failed(error),
  });
  const dialect = new SqliteThreadDialect(driver);
  const tables = new Kysely<unknown>({ dialect });
  const db = new Kysely<Database>({ dialect, plugins: [new CamelCasePlugin()] });
  try {
    const advice =
      `${file} is an SQLite database, but not the store of a penstock-gateway: its tables are missing. ` +
      RESTORE_ADVICE;
    await requireStore(tables, { orEmpty, advice });
    await migrate(tables, storeMigrations);
  } catch (error) {
    await driver.destroy();
    throw error;
  }
  return sqlStore({
    db,
    now: sqliteClock,
    health,
    transact: (work) => db.transaction().execute(work),
    close: () => driver.destroy(),
  });
}
