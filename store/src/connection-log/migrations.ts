import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('connection_log')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('connection', 'text')
    .addColumn('client', 'text')
    .addColumn('client_port', 'integer')
    .addColumn('ingress', 'text')
    .addColumn('ingress_kind', 'text')
    .addColumn('host', 'text')
    .addColumn('grant_id', 'text')
    .addColumn('grant_name', 'text')
    .addColumn('subject', 'text')
    .addColumn('connector', 'text')
    .addColumn('pool', 'text')
    .addColumn('agent', 'text')
    .addColumn('agent_id', 'text')
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('open_ms', 'real')
    .addColumn('ended_at', 'bigint')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('bytes_from_client', 'bigint', (column) => column.notNull())
    .addColumn('bytes_to_client', 'bigint', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('detail', 'text')
    .addColumn('count', 'integer', (column) => column.notNull())
    .execute();
  // An index also contains the id, by which every search is ordered.
  for (const column of ['connection', 'client', 'agent', 'code', 'ended_at']) {
    await db.schema.createIndex(`connection_log_by_${column}`).on('connection_log').column(column).execute();
  }
  // Most clients have neither a grant nor a certificate.
  for (const column of ['grant_id', 'grant_name', 'subject']) {
    await db.schema
      .createIndex(`connection_log_by_${column}`)
      .on('connection_log')
      .column(column)
      .where(sql.ref(column), 'is not', null)
      .execute();
  }
  await db.schema
    .createTable('connection_log_state')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('written_at', 'bigint', (column) => column.notNull())
    .execute();
}

/** What a connection that outlives its sessions has been through. */
async function addResumes(db: Kysely<unknown>): Promise<void> {
  for (const column of ['resumes', 'adrift_ms']) {
    await db.schema
      .alterTable('connection_log')
      .addColumn(column, 'integer', (built) => built.notNull().defaultTo(0))
      .execute();
  }
  await db.schema.alterTable('connection_log').addColumn('adrift_since', 'bigint').execute();
}

/** Which replica accepted the client, and which one had the agent. */
async function addReplicas(db: Kysely<unknown>): Promise<void> {
  for (const column of ['replica', 'agent_replica']) {
    await db.schema.alterTable('connection_log').addColumn(column, 'text').execute();
  }
}

/** The migrations of the connection log, which has a file of its own. A released migration must not change. */
export const connectionLogMigrations: Readonly<Record<string, Migration>> = {
  '0001-connection-log': { up },
  '0002-resumes': { up: addResumes },
  '0003-replicas': { up: addReplicas },
};
