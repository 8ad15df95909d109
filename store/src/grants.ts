import type { Kysely } from 'kysely';
import type { Database, GrantRow } from './schema.ts';
import type { Writing } from './writing.ts';

export type GrantRepository = ReturnType<typeof grantRepository>;

export function grantRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (grant: GrantRow): Promise<void> =>
      write('grant', grant.id, async (inside) => {
        await inside.insertInto('grants').values(grant).execute();
      }),

    byId(id: string): Promise<GrantRow | undefined> {
      return db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Returns these grants, ended or not. Unknown ids have none. */
    byIds: async (ids: readonly string[]): Promise<GrantRow[]> =>
      ids.length === 0 ? [] : db.selectFrom('grants').selectAll().where('id', 'in', ids).execute(),

    /** The ids of the grants that were revoked before they would have expired, at `at` or later; at most `limit`. */
    async revokedAt(at: number, limit: number): Promise<string[]> {
      const rows = await db
        .selectFrom('grants')
        .select('id')
        .where('revokedAt', 'is not', null)
        .where('expiresAt', '>', at)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** The grants that are active at `at` (neither expired nor revoked), at most `limit`. */
    activeAt(at: number, limit: number): Promise<GrantRow[]> {
      return db
        .selectFrom('grants')
        .selectAll()
        .where('revokedAt', 'is', null)
        .where('expiresAt', '>', at)
        .orderBy('id')
        .limit(limit)
        .execute();
    },

    /** Newest first; with `before`, only grants created before the grant with that id. */
    list({ before, limit }: { before?: string | undefined; limit: number }): Promise<GrantRow[]> {
      return db
        .selectFrom('grants')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    /** Returns false if there is no such grant or it is already revoked. */
    revoke: (id: string, at: number): Promise<boolean> =>
      write('grant', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('grants')
          .set({ revokedAt: at })
          .where('id', '=', id)
          .where('revokedAt', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    /** Deletes grants that expired before `before`. */
    async prune(before: number): Promise<void> {
      await db.deleteFrom('grants').where('expiresAt', '<', before).execute();
    },
  };
}
