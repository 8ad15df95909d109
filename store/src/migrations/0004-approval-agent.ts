import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('approvals').addColumn('agent_id', 'text').execute();
}

export const approvalAgentColumn: Migration = { up };
