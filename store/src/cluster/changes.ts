import type { Kysely } from 'kysely';
import type { ChangeRow, Database } from '../schema.ts';

export type ChangeRepository = ReturnType<typeof changeRepository>;

/** Revisions for which changes are kept. Whoever is further behind reads everything again. */
const MAX_REVISIONS = 10_000;
const REVISIONS_PER_PRUNING = 1_000;

export type Change = Pick<ChangeRow, 'kind' | 'key'>;

export function changeRepository(db: Kysely<Database>) {
  return {
    /** The number of the last transaction that changed something. */
    async revision(): Promise<number> {
      const { revision } = await db
        .selectFrom('cluster')
        .select('revision')
        .where('id', '=', 1)
        .executeTakeFirstOrThrow();
      return revision;
    },

    /** Returns the changes after a revision, in order. Old ones are deleted: a missing revision means that. */
    after: (revision: number, limit: number): Promise<ChangeRow[]> =>
      db
        .selectFrom('changes')
        .selectAll()
        .where('revision', '>', revision)
        .orderBy('revision')
        .orderBy('ordinal')
        .limit(limit)
        .execute(),
  };
}

/** Ends a transaction that made these changes: takes the next revision and records them under it. */
export async function recordChanges(
  transaction: Kysely<Database>,
  changes: readonly Change[],
): Promise<number> {
  const { revision } = await transaction
    .updateTable('cluster')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
    .where('id', '=', 1)
    .returning('revision')
    .executeTakeFirstOrThrow();
  await transaction
    .insertInto('changes')
    .values(changes.map(({ kind, key }, ordinal) => ({ revision, ordinal, kind, key })))
    .execute();
  if (revision % REVISIONS_PER_PRUNING === 0) {
    await transaction
      .deleteFrom('changes')
      .where('revision', '<=', revision - MAX_REVISIONS)
      .execute();
  }
  return revision;
}
