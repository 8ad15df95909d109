import type { Kysely } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import { migrations } from './migrations/list.ts';
import type { Database } from './schema.ts';
import { StoreError } from './store-error.ts';
import { RESTORE_ADVICE } from './store-file.ts';

/** Migrates the tables to this version. Throws StoreError `too-new` if a newer gateway has written the store. */
export async function migrate(
  // biome-ignore lint/suspicious/noExplicitAny: a migration does not depend on the tables, and Kysely is invariant.
  db: Kysely<any>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  await refuseNewer(db, migrations);
  const { error } = await migrator.migrateToLatest();
  if (error instanceof StoreError) throw error;
  if (error !== undefined) {
    throw new StoreError('failed', 'The tables of the store could not be migrated to this version.', {
      cause: error,
    });
  }
}

/**
 * Throws StoreError unless the database has the tables of a store: the file of another program, or one whose content was
 * lost, must not be made into a store without revocations.
 */
export async function requireMigrated(db: Kysely<Database>, file: string): Promise<void> {
  const [first] = Object.keys(migrations);
  if (first !== undefined && (await appliedMigrations(db)).includes(first)) return;
  throw new StoreError(
    'failed',
    `${file} is an SQLite database, but not the store of a penstock-gateway: its tables are missing. ${RESTORE_ADVICE}`,
  );
}

/** Like `requireMigrated`, but accepts a database without any table, which an interrupted `init` leaves. */
export async function requireMigratedOrEmpty(db: Kysely<Database>, file: string): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (tables.length > 0) await requireMigrated(db, file);
}

async function refuseNewer(
  db: Kysely<unknown>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const unknown = (await appliedMigrations(db)).find((name) => !Object.hasOwn(migrations, name));
  if (unknown === undefined) return;
  throw new StoreError(
    'too-new',
    `The store was written by a newer penstock-gateway (it has the migration ${unknown}). ` +
      'Run that version, or restore a backup from before its first start.',
  );
}

async function appliedMigrations(
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  db: Kysely<any>,
): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const rows = await db
    .withTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>()
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select('name')
    .execute();
  return rows.map(({ name }) => name);
}
