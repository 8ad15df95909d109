import { sql } from 'kysely';
import { postgresClock } from '../database-clock.ts';
import type { ConnectionLogDialect } from './connection-log-entries.ts';

/** The columns that are not text. */
const NUMBERS: Readonly<Record<string, 'bigint' | 'double precision'>> = {
  id: 'bigint',
  clientPort: 'bigint',
  startedAt: 'bigint',
  openMs: 'double precision',
  endedAt: 'bigint',
  attempts: 'bigint',
  resumes: 'bigint',
  adriftMs: 'bigint',
  adriftSince: 'bigint',
  bytesFromClient: 'bigint',
  bytesToClient: 'bigint',
  count: 'bigint',
};

/**
 * Bytes of an entry with its share of the indexes. The size of the table would be no measure: PostgreSQL keeps the room of
 * what was deleted for what comes.
 */
const ENTRY_BYTES = 700;

/** The connection log of several gateways in one database. `gateway` is the epoch of this one. */
export function postgresLog(gateway: string, leaseOf: string): ConnectionLogDialect {
  return {
    insert: (json, columns, changing) => sql`
      insert into connection_log (gateway, ${sql.join(columns.map((column) => sql.ref(column)))})
      select ${gateway}, ${sql.join(
        columns.map(
          (column, index) => sql`(value ->> ${sql.lit(index)})::${sql.raw(NUMBERS[column] ?? 'text')}`,
        ),
      )}
      from json_array_elements(${json}::json)
      on conflict (id, gateway) do update set ${sql.join(
        changing.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`),
      )}`,
    alive: (at) => sql`
      insert into connection_log_state (gateway, written_at) values (${gateway}, ${at})
      on conflict (gateway) do update set written_at = excluded.written_at`,
    endAbandoned: (code) => sql`
      update connection_log set
        state = case state when 'open' then 'closed' else 'failed' end,
        ended_at = greatest(started_at, coalesce(
          (select written_at from connection_log_state known where known.gateway = connection_log.gateway), 0)),
        code = ${code}
      where ended_at is null and gateway <> ${gateway} and not exists (
        select from leases where name = ${leaseOf} || connection_log.gateway and expires_at > ${postgresClock})`,
    size: sql<{ used: number; free: number }>`
      select n_live_tup * ${sql.lit(ENTRY_BYTES)} as used, 0 as free
      from pg_stat_user_tables where relname = 'connection_log'`,
    // Autovacuum does what is needed.
    shrink: () => undefined,
  };
}
