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
  /** All of `work` or none of it. Inside, use only the repositories handed in: the others wait for this to end. */
  transaction<Result>(work: (inside: Repositories) => Promise<Result>): Promise<Result>;
  /** Calls `listener` with each entry of the audit trail once it is kept. Returns what ends that. */
  onAudit(listener: (row: AuditRow) => void): () => void;
  readonly health: Pick<StoreHealth, 'outage' | 'watch'>;
  /** Finishes the statement or transaction that runs, and ends the store's thread. All else fails with `closed`. */
  close(): Promise<void>;
};

export const STORE_FILE = 'store.sqlite';

const defaults = { busyTimeout: 5000, turnTimeout: 5000, statementTimeout: 10_000, maxWaiting: 512 };

/**
 * Opens the embedded store in the data directory, makes it when there is none, and brings its tables to this
 * version. Throws StoreError. Every method of the store can do so too.
 */
export async function openStore(
  dataDirectory: string,
  options: Partial<Omit<SqliteDriverOptions, 'file' | 'onFailure'>> = {},
): Promise<Store> {
  const file = join(dataDirectory, STORE_FILE);
  await makePrivate(file);
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
  const tell = (row: AuditRow) => {
    for (const listener of listeners) listener(row);
  };
  return {
    ...repositoriesOver(db, tell),
    async transaction(work) {
      const appended: AuditRow[] = [];
      const result = await db
        .transaction()
        .execute((inside) => work(repositoriesOver(inside, (row) => appended.push(row))));
      for (const row of appended) tell(row);
      return result;
    },
    onAudit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health,
    close() {
      health.stop();
      // Not through kysely: it would answer later calls with an error of its own.
      return driver.destroy();
    },
  };
}

/** Throws StoreError when the data directory has no store. */
export async function requireStore(dataDirectory: string): Promise<void> {
  try {
    await access(join(dataDirectory, STORE_FILE));
  } catch (cause) {
    throw new StoreError(
      'failed',
      `There is no store in ${dataDirectory}. Run penstock-gateway init once; or, if there was one, restore it from a ` +
        'backup: without it this gateway does not know whom it has revoked.',
      { cause },
    );
  }
}

/** SQLite would make the file readable by others, and gives its companions the permissions of this one. */
async function makePrivate(file: string): Promise<void> {
  try {
    const handle = await open(file, 'a', 0o600);
    await handle.chmod(0o600).finally(() => handle.close());
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new StoreError(
      'failed',
      missing
        ? `The store ${file} cannot be opened: there is no such directory. Run penstock-gateway init once.`
        : `The store ${file} cannot be opened. Check that the user the gateway runs as owns the directory.`,
      { cause },
    );
  }
}
