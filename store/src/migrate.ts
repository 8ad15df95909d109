import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { StoreError } from './store-error.ts';

/** The table in which kysely's own migrator, which earlier releases used, records what has run. */
const TABLE = 'kysely_migration';

export type Migrations = {
  readonly list: Readonly<Record<string, Migration>>;
  /** Name of the table that records what has run. */
  readonly table?: string;
  /** Waits for a concurrent migration, until the end of the transaction. The embedded store locks its file anyway. */
  readonly lock?: (transaction: Kysely<unknown>) => Promise<void>;
  /** Which migration a gateway must know to use the tables. Undefined: all that have run. */
  readonly readableFrom?: (db: Kysely<unknown>) => Promise<string | null | undefined>;
  /** Runs after the last migration, in the same transaction. */
  readonly finish?: (transaction: Kysely<unknown>) => Promise<void>;
};

/**
 * Migrates the tables to this version, in one transaction: it happens entirely, and once if several gateways start
 * together. Tables that a newer gateway has extended are left as they are. Throws StoreError `too-new` if that gateway
 * changed them in a way that this one does not support.
 */
export async function migrate(db: Kysely<unknown>, migrations: Migrations): Promise<void> {
  const { list, lock, finish } = migrations;
  await refuseNewer(db, migrations);
  if (missingFrom(await appliedMigrations(db, migrations.table), list).length === 0) return;
  try {
    await db.transaction().execute(async (transaction) => {
      await lock?.(transaction);
      const table = migrations.table ?? TABLE;
      await transaction.schema
        .createTable(table)
        .ifNotExists()
        .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
        .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
        .execute();
      for (const name of missingFrom(await appliedMigrations(transaction, table), list)) {
        await list[name]?.up(transaction);
        const timestamp = new Date().toISOString();
        await sql`insert into ${sql.table(table)} (name, timestamp) values (${name}, ${timestamp})`.execute(
          transaction,
        );
      }
      await finish?.(transaction);
    });
  } catch (error) {
    if (error instanceof StoreError && error.outage !== undefined) throw error;
    throw new StoreError('failed', 'The tables of the store could not be migrated to this version.', {
      cause: error,
    });
  }
}

/** The names of the migrations that have run; none if the database has no such table. */
export async function appliedMigrations(db: Kysely<unknown>, table = TABLE): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === table)) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(
    db,
  );
  return rows.map(({ name }) => name);
}

/** Whether the database has any table. An interrupted `init` leaves one without. */
export async function hasTables(db: Kysely<unknown>): Promise<boolean> {
  return (await db.introspection.getTables({ withInternalKyselyTables: true })).length > 0;
}

const missingFrom = (applied: readonly string[], list: Migrations['list']) =>
  Object.keys(list).filter((name) => !applied.includes(name));

async function refuseNewer(db: Kysely<unknown>, { list, table, readableFrom }: Migrations): Promise<void> {
  const unknown = (await appliedMigrations(db, table)).filter((name) => !Object.hasOwn(list, name));
  if (unknown.length === 0) return;
  const needed = await readableFrom?.(db);
  if (needed !== undefined && needed !== null && Object.hasOwn(list, needed)) return;
  throw new StoreError(
    'too-new',
    `The store was written by a newer penstock-gateway (it has the migration ${unknown[0]}). ` +
      'Run that version, or restore a backup from before its first start.',
  );
}
