import type { Kysely } from 'kysely';
import type { Database, SilenceRow } from './schema.ts';
import type { Writing } from './writing.ts';

export type SilenceRepository = ReturnType<typeof silenceRepository>;

export function silenceRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (silence: SilenceRow): Promise<void> =>
      write('silence', silence.id, async (inside) => {
        await inside.insertInto('silences').values(silence).execute();
      }),

    byId: (id: string): Promise<SilenceRow | undefined> =>
      db.selectFrom('silences').selectAll().where('id', '=', id).executeTakeFirst(),

    /** The silences that have not ended at `at`, newest first; at most `limit`. */
    activeAt: (at: number, limit: number): Promise<SilenceRow[]> =>
      db
        .selectFrom('silences')
        .selectAll()
        .where('endsAt', '>', at)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),

    /** Newest first; with `before`, only silences created before the one with that id. */
    list: ({
      before,
      limit,
    }: {
      readonly before?: string | undefined;
      readonly limit: number;
    }): Promise<SilenceRow[]> =>
      db
        .selectFrom('silences')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),

    /** Ends a silence early. Resolves to false if it does not exist or has ended. */
    end: (id: string, { at, by }: { readonly at: number; readonly by: string }): Promise<boolean> =>
      write('silence', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('silences')
          .set({ endsAt: at, endedBy: by })
          .where('id', '=', id)
          .where('endsAt', '>', at)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    /** Deletes silences that ended before `before`. */
    async prune(before: number): Promise<void> {
      await db.deleteFrom('silences').where('endsAt', '<', before).execute();
    },
  };
}
