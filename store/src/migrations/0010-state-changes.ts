import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('state_changes')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('agent_id', 'text', (column) => column.notNull())
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('pool', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('detail', 'text')
    .addColumn('before_state', 'text')
    .addColumn('before_code', 'text')
    .execute();
  for (const column of ['agent', 'pool', 'agent_id']) {
    await db.schema
      .createIndex(`state_changes_by_${column}`)
      .on('state_changes')
      .columns([column, 'id'])
      .execute();
  }
}

export const stateChangeTable: Migration = { up };
