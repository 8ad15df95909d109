import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('silences')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('condition', 'text')
    .addColumn('subject', 'text')
    .addColumn('pool', 'text')
    .addColumn('comment', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_by', 'text')
    .execute();
  await db.schema.createIndex('silences_by_end').on('silences').column('ends_at').execute();
}

export const silenceTable: Migration = { up };
