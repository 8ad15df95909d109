import { join } from 'node:path';
import { CamelCasePlugin, Kysely } from 'kysely';
import { migrate, requireMigrated, requireMigratedOrEmpty } from './migrate.ts';
import { migrations } from './migrations/list.ts';
import { type Repositories, repositoriesOver } from './repositories.ts';
import type { AuditRow, Database } from './schema.ts';
import { SqliteThreadDialect } from './sqlite-dialect.ts';
import { SqliteDriver, type SqliteDriverOptions } from './sqlite-driver.ts';
import { createStoreFile, requireStoreFile, STORE_FILE } from './store-file.ts';
import { StoreHealth } from './store-health.ts';

export type Store = Repositories & {
  /** Runs `work` in a transaction. It must only use the repositories it is given: all others wait for its end. */
  transaction<Result>(work: (inside: Repositories) => Promise<Result>): Promise<Result>;
  /** Calls `listener` with each audit entry after its commit. Returns a function that removes the listener. */
  onAudit(listener: (row: AuditRow) => void): () => void;
  readonly health: Pick<StoreHealth, 'outage' | 'watch'>;
  /** Finishes the running statement or transaction and stops the thread. Everything else fails with `closed`. */
  close(): Promise<void>;
};

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
  return open(file, options, (db) => requireMigrated(db, file));
}

/**
 * Like `openStore`, but creates the store if the file is missing or holds nothing. Only `init` may, and not where a store was
 * lost. Throws StoreError.
 */
export async function createStore(dataDirectory: string, options: StoreOptions = {}): Promise<Store> {
  const file = join(dataDirectory, STORE_FILE);
  await createStoreFile(file);
  return open(file, options, (db) => requireMigratedOrEmpty(db, file));
}

/** `check` rejects a file that is not a store. */
async function open(
  file: string,
  options: StoreOptions,
  check: (db: Kysely<Database>) => Promise<void>,
): Promise<Store> {
  const health: StoreHealth = new StoreHealth({ probe: () => driver.probe() });
  const driver: SqliteDriver = new SqliteDriver({
    ...defaults,
    ...options,
    file,
    pragmas: PRAGMAS,
    onFailure: (error) => health.failed(error),
  });
  const db = new Kysely<Database>({
    dialect: new SqliteThreadDialect(driver),
    plugins: [new CamelCasePlugin()],
  });
  try {
    await check(db.withoutPlugins());
    await migrate(db.withoutPlugins(), migrations);
  } catch (error) {
    await driver.destroy();
    throw error;
  }
  const listeners = new Set<(row: AuditRow) => void>();
  const publish = (row: AuditRow) => {
    for (const listener of listeners) listener(row);
  };
  return {
    ...repositoriesOver(db, publish),
    async transaction(work) {
      const appended: AuditRow[] = [];
      const result = await db
        .transaction()
        .execute((inside) => work(repositoriesOver(inside, (row) => appended.push(row))));
      for (const row of appended) publish(row);
      return result;
    },
    onAudit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health,
    close() {
      health.stop();
      // Not through kysely, which would reject later calls with an error of its own.
      return driver.destroy();
    },
  };
}
