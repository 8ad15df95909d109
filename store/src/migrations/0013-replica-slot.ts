import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  // Null for a replica of a version before this.
  await db.schema.alterTable('replicas').addColumn('id_slot', 'integer').execute();
}

export const replicaSlotColumn: Migration = { up };
