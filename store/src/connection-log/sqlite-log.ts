import { sql } from 'kysely';
import type { ConnectionLogDialect } from './connection-log-entries.ts';

const refs = (columns: readonly string[]) => sql.join(columns.map((column) => sql.ref(column)));

/** The connection log in a file of its own, of one gateway. */
export const sqliteLog: ConnectionLogDialect = {
  // The rows of json_each are text, which is parsed again for each column: three times the work.
  insert: (json, columns, changing) => sql`
    insert into connection_log (${refs(columns)})
    select ${sql.join(columns.map((_, index) => sql`value ->> ${sql.lit(index)}`))}
    from jsonb_each(${json})
    where true
    on conflict (id) do update set ${sql.join(
      changing.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`),
    )}`,
  alive: (at) => sql`
    insert into connection_log_state (id, written_at) values (1, ${at})
    on conflict (id) do update set written_at = excluded.written_at`,
  endAbandoned: (code) => sql`
    update connection_log set
      state = case state when 'open' then 'closed' else 'failed' end,
      ended_at = max(started_at, coalesce((select written_at from connection_log_state where id = 1), 0)),
      code = ${code}
    where ended_at is null`,
  size: sql<{ used: number; free: number }>`
    select (page_count - freelist_count) * page_size as used, freelist_count * page_size as free
    from pragma_page_count, pragma_freelist_count, pragma_page_size`,
  shrink: (pages) => sql`pragma incremental_vacuum(${sql.lit(pages)})`,
};
