import type { Kysely } from 'kysely';
import type { Database, EnrollmentTokenRow } from './schema.ts';

export type EnrollmentTokenRepository = ReturnType<typeof enrollmentTokenRepository>;

export function enrollmentTokenRepository(db: Kysely<Database>) {
  return {
    async insert(token: EnrollmentTokenRow): Promise<void> {
      await db.insertInto('enrollmentTokens').values(token).execute();
    },

    byId(id: string): Promise<EnrollmentTokenRow | undefined> {
      return db.selectFrom('enrollmentTokens').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Newest first, those made before the token `before`. */
    list({ before, limit }: { before?: string | undefined; limit: number }): Promise<EnrollmentTokenRow[]> {
      return db
        .selectFrom('enrollmentTokens')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    /** Takes one use, all checks in the one statement; false when none was left, or it expired or was revoked. */
    async takeUse(id: string, at: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('enrollmentTokens')
        .set(({ eb }) => ({ usesLeft: eb('usesLeft', '-', 1) }))
        .where('id', '=', id)
        .where('usesLeft', '>', 0)
        .where('revokedAt', 'is', null)
        .where('expiresAt', '>', at)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** False when there is no such token, or it is revoked already. */
    async revoke(id: string, at: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('enrollmentTokens')
        .set({ revokedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}
