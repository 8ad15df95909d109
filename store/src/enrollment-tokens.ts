import type { Kysely } from 'kysely';
import type { Database, EnrollmentTokenRow } from './schema.ts';
import type { Writing } from './writing.ts';

export type EnrollmentTokenRepository = ReturnType<typeof enrollmentTokenRepository>;

export function enrollmentTokenRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (token: EnrollmentTokenRow): Promise<void> =>
      write('enrollment-token', token.id, async (inside) => {
        await inside.insertInto('enrollmentTokens').values(token).execute();
      }),

    byId(id: string): Promise<EnrollmentTokenRow | undefined> {
      return db.selectFrom('enrollmentTokens').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Returns the newest first, starting after the token `before`. */
    list({ before, limit }: { before?: string | undefined; limit: number }): Promise<EnrollmentTokenRow[]> {
      return db
        .selectFrom('enrollmentTokens')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    /** Takes one use, with all checks in one statement. Resolves to false if none is left or the token is not valid. */
    takeUse: (id: string, at: number): Promise<boolean> =>
      write('enrollment-token', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('enrollmentTokens')
          .set(({ eb }) => ({ usesLeft: eb('usesLeft', '-', 1) }))
          .where('id', '=', id)
          .where('usesLeft', '>', 0)
          .where('revokedAt', 'is', null)
          .where('expiresAt', '>', at)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    /** Resolves to false if the token does not exist or is revoked already. */
    revoke: (id: string, at: number): Promise<boolean> =>
      write('enrollment-token', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('enrollmentTokens')
          .set({ revokedAt: at })
          .where('id', '=', id)
          .where('revokedAt', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
  };
}
