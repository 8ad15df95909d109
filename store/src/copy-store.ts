import { type Kysely, sql } from 'kysely';
import { type Store, tablesOf } from './sql-store.ts';
import { StoreError } from './store-error.ts';

/** A table and the number of its rows, which is the same on both sides. */
export type CopiedTable = { readonly table: string; readonly rows: number };

/** What belongs to the gateways that run on a store, or is set up with it. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kysely_migration',
  'cluster',
  'changes',
  'replicas',
  'leases',
]);
/** Tables to which others refer, which must have their rows first. */
const REFERRED_TO = ['agents', 'enrollment_tokens', 'alerts', 'rollouts'];
const PAGE_ROWS = 2_000;
/** SQLite allows 32,766 parameters in a statement. */
const MAX_PARAMETERS = 30_000;

/**
 * Copies everything from one store into another that is empty, in one transaction, and compares the numbers of rows. No
 * gateway may run on either. Throws StoreError; the target is empty then.
 */
export async function copyStore(source: Store, target: Store): Promise<readonly CopiedTable[]> {
  const from = tablesOf(source);
  const to = tablesOf(target);
  const tables = inOrder((await from.db.introspection.getTables()).map(({ name }) => name));
  const [cluster] = (
    await sql<{
      revision: number;
      authority: string | null;
    }>`select revision, authority from cluster`.execute(from.db)
  ).rows;
  if (cluster === undefined) throw new StoreError('failed', 'The source has no row in its table cluster.');
  return to.transact(async (inside) => {
    const copied: CopiedTable[] = [];
    for (const table of tables) {
      if ((await countOf(inside, table)) > 0) {
        throw new StoreError(
          'failed',
          `The target is not empty: its table ${table} has rows. Nothing was copied. Use a new database or data directory.`,
          { outage: 'none' },
        );
      }
    }
    for (const table of tables) {
      await copyTable(from.db, inside, table);
      const [there, here] = [await countOf(from.db, table), await countOf(inside, table)];
      if (there !== here) {
        throw new StoreError(
          'failed',
          `The table ${table} has ${there} rows in the source and ${here} in the target. Nothing was copied. Stop ` +
            'every gateway on the source, and try again.',
          { outage: 'none' },
        );
      }
      copied.push({ table, rows: here });
    }
    // Leases are not copied: the next leader, whose epochs begin again, could not continue what an earlier one has begun.
    await sql`update rollouts set epoch = 0`.execute(inside);
    const { revision, authority } = cluster;
    await sql`update cluster set revision = ${revision}, authority = ${authority}`.execute(inside);
    return copied;
  });
}

/** The numbers of rows of a store. Throws StoreError. */
export async function countRows(store: Store): Promise<readonly CopiedTable[]> {
  const { db } = tablesOf(store);
  const names = inOrder((await db.introspection.getTables()).map(({ name }) => name));
  const counts: CopiedTable[] = [];
  for (const table of names) counts.push({ table, rows: await countOf(db, table) });
  return counts;
}

function inOrder(tables: readonly string[]): readonly string[] {
  const copied = tables.filter((name) => !NOT_COPIED.has(name) && !name.startsWith('connection_log'));
  const rankOf = (name: string) => (REFERRED_TO.includes(name) ? 0 : 1);
  return copied.toSorted((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1));
}

async function copyTable(from: Kysely<unknown>, to: Kysely<unknown>, table: string): Promise<void> {
  for (let offset = 0; ; offset += PAGE_ROWS) {
    // Every primary key begins with the first column, or is the first two.
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} order by 1, 2 limit ${PAGE_ROWS} offset ${offset}`.execute(from);
    for (const batch of batchesOf(rows)) {
      const columns = Object.keys(batch[0] ?? {});
      const values = batch.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
      await sql`
        insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
        values ${sql.join(values)}`.execute(to);
    }
    if (rows.length < PAGE_ROWS) return;
  }
}

function* batchesOf(rows: readonly Record<string, unknown>[]): Generator<readonly Record<string, unknown>[]> {
  const columns = Object.keys(rows[0] ?? {}).length;
  const size = Math.max(1, Math.floor(MAX_PARAMETERS / Math.max(1, columns)));
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
}

async function countOf(db: Kysely<unknown>, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(
    db,
  );
  return Number(rows[0]?.count ?? 0);
}
