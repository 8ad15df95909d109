import { type Kysely, sql } from 'kysely';
import { appliedMigrations, hasTables, type Migrations } from './migrate.ts';
import { migrations, READABLE_FROM } from './migrations/list.ts';
import { StoreError } from './store-error.ts';

/** The migrations of the store, with the mark that lets an older gateway go on beside a newer one. */
export const storeMigrations: Migrations = {
  list: migrations,
  async readableFrom(db) {
    const { rows } = await sql<{ readable_from: string | null }>`select readable_from from cluster`.execute(
      db,
    );
    return rows[0]?.readable_from;
  },
  async finish(transaction) {
    await sql`update cluster set readable_from = ${READABLE_FROM}`.execute(transaction);
  },
};

/** Whether the tables of a store are there. A database of another program, or one that lost its content, has none. */
export async function isStore(db: Kysely<unknown>): Promise<boolean> {
  const [first] = Object.keys(migrations);
  return first !== undefined && (await appliedMigrations(db)).includes(first);
}

/** Throws StoreError unless the database has the tables of a store, or no table at all if `orEmpty` is set. */
export async function requireStore(
  db: Kysely<unknown>,
  { orEmpty, advice }: { readonly orEmpty: boolean; readonly advice: string },
): Promise<void> {
  if (await isStore(db)) return;
  if (orEmpty && !(await hasTables(db))) return;
  throw new StoreError('failed', advice);
}
