import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['expires_at', 'used_at']) {
    await db.schema.alterTable('admin_tokens').addColumn(column, 'bigint').execute();
  }
}

export const adminTokenUseColumns: Migration = { up };
