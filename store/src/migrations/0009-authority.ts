import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('cluster').addColumn('authority', 'text').execute();
}

export const authorityColumn: Migration = { up };
