import type { Kysely } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';
import { migrations } from './migrations/list.ts';
import type { Database } from './schema.ts';
import { StoreError } from './store-error.ts';

/** Migrates the tables to this version. Throws StoreError `too-new` if a newer gateway has written the store. */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  await refuseNewer(db);
  const { error } = await migrator.migrateToLatest();
  if (error instanceof StoreError) throw error;
  if (error !== undefined) {
    throw new StoreError('failed', 'The tables of the store could not be migrated to this version.', {
      cause: error,
    });
  }
}

async function refuseNewer(db: Kysely<Database>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return;
  const done = await db
    .withTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>()
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select('name')
    .execute();
  const unknown = done.find(({ name }) => !Object.hasOwn(migrations, name));
  if (unknown === undefined) return;
  throw new StoreError(
    'too-new',
    `The store was written by a newer penstock-gateway (it has the migration ${unknown.name}). ` +
      'Run that version, or restore a backup from before its first start.',
  );
}
