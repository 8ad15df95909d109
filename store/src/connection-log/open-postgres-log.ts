import { CamelCasePlugin, Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { migrate } from '../migrate.ts';
import { MIGRATION_LOCK, type PostgresStoreOptions } from '../postgres/open-postgres-store.ts';
import { ColumnTypesPlugin, PostgresPoolDialect } from '../postgres/postgres-dialect.ts';
import { PostgresDriver } from '../postgres/postgres-driver.ts';
import { connectionLogEntries } from './connection-log-entries.ts';
import type { ConnectionLogDatabase } from './connection-log-row.ts';
import { connectionLogMigrations } from './migrations.ts';
import type { ConnectionLogStore } from './open-connection-log.ts';
import { postgresLog } from './postgres-log.ts';

export type PostgresLogOptions = Pick<PostgresStoreOptions, 'target'> & {
  /** The epoch of this gateway, and the beginning of the name of the lease by which it shows that it runs. */
  readonly gateway: string;
  readonly leaseOf: string;
};

/** Few: entries come in batches, and whoever reads them can wait. The store has connections of its own. */
const POOL_SIZE = 2;
const TIMEOUT_MS = 10_000;
const MAX_WAITING = 64;

/** Entries of several gateways are beside each other. Ids of versions before slots may coincide. */
async function addGateway(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('connection_log')
    .addColumn('gateway', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await sql`alter table connection_log drop constraint connection_log_pkey, add primary key (id, gateway)`.execute(
    db,
  );
  await db.schema.dropTable('connection_log_state').execute();
  await db.schema
    .createTable('connection_log_state')
    .addColumn('gateway', 'text', (column) => column.primaryKey())
    .addColumn('written_at', 'bigint', (column) => column.notNull())
    .execute();
}

const migrations: Readonly<Record<string, Migration>> = {
  ...connectionLogMigrations,
  '9000-gateway': { up: addGateway },
};

/**
 * Opens the connection log in the database of the store, for several gateways, and creates its tables if necessary.
 * Throws StoreError, as every method of the log may.
 */
export async function openPostgresLog({
  target,
  gateway,
  leaseOf,
}: PostgresLogOptions): Promise<ConnectionLogStore> {
  const driver = new PostgresDriver({
    target,
    poolSize: POOL_SIZE,
    timeout: TIMEOUT_MS,
    maxWaiting: MAX_WAITING,
    onFailure: () => {},
  });
  const dialect = new PostgresPoolDialect(driver);
  try {
    await migrate(new Kysely<unknown>({ dialect, plugins: [new ColumnTypesPlugin()] }), {
      list: migrations,
      table: 'connection_log_migration',
      // A newer gateway only adds to the log.
      readableFrom: async () => '9000-gateway',
      async lock(transaction) {
        await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(transaction);
      },
    });
  } catch (error) {
    await driver.destroy();
    throw error;
  }
  const db = new Kysely<ConnectionLogDatabase>({ dialect, plugins: [new CamelCasePlugin()] });
  const entries = connectionLogEntries(db, postgresLog(gateway, leaseOf));
  return {
    ...entries,
    async deleteEnded(before, limit) {
      // Called now and then: another gateway may have been killed since.
      await entries.endAbandoned('GATEWAY_STOPPED');
      return entries.deleteEnded(before, limit);
    },
    close: () => driver.destroy(),
  };
}
