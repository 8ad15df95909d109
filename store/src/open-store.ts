import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { CamelCasePlugin, Kysely } from 'kysely';
import { migrate } from './migrate.ts';
import { type Repositories, repositoriesOver } from './repositories.ts';
import type { AuditRow, Database } from './schema.ts';
import { SqliteThreadDialect } from './sqlite-dialect.ts';
import { SqliteDriver, type SqliteDriverOptions } from './sqlite-driver.ts';
import { StoreError } from './store-error.ts';
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

export const STORE_FILE = 'store.sqlite';

const defaults = { busyTimeout: 5000, turnTimeout: 5000, statementTimeout: 10_000, maxWaiting: 512 };

/**
 * Opens the embedded store in the data directory, creates it if necessary, and migrates its tables to this version. Throws
 * StoreError, as every method of the store may.
 */
export async function openStore(
  dataDirectory: string,
  options: Partial<Omit<SqliteDriverOptions, 'file' | 'onFailure'>> = {},
): Promise<Store> {
  const file = join(dataDirectory, STORE_FILE);
  await ensurePrivate(file);
  const health: StoreHealth = new StoreHealth({ probe: () => driver.probe() });
  const driver: SqliteDriver = new SqliteDriver({
    ...defaults,
    ...options,
    file,
    onFailure: (error) => health.failed(error),
  });
  const db = new Kysely<Database>({
    dialect: new SqliteThreadDialect(driver),
    plugins: [new CamelCasePlugin()],
  });
  try {
    await migrate(db.withoutPlugins());
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

/** Throws StoreError if the data directory has no store. */
export async function requireStore(dataDirectory: string): Promise<void> {
  try {
    await access(join(dataDirectory, STORE_FILE));
  } catch (cause) {
    throw new StoreError(
      'failed',
      `${dataDirectory} contains no store. Run penstock-gateway init, or restore the store from a backup if there was ` +
        'one: without it, revoked agents are accepted again.',
      { cause },
    );
  }
}

/** Creates the file with private permissions, which SQLite would not, and which its -wal and -shm files inherit. */
async function ensurePrivate(file: string): Promise<void> {
  try {
    const handle = await open(file, 'a', 0o600);
    await handle.chmod(0o600).finally(() => handle.close());
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new StoreError(
      'failed',
      missing
        ? `The store ${file} cannot be opened: the directory does not exist. Run penstock-gateway init.`
        : `The store ${file} cannot be opened. Check that the directory is owned by the user that runs the gateway.`,
      { cause },
    );
  }
}
