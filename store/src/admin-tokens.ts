import type { Kysely } from 'kysely';
import type { AdminTokenRow, Database } from './schema.ts';
import type { Writing } from './writing.ts';

export type AdminTokenRepository = ReturnType<typeof adminTokenRepository>;

export function adminTokenRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (token: AdminTokenRow): Promise<void> =>
      write('admin-token', token.id, async (inside) => {
        await inside.insertInto('adminTokens').values(token).execute();
      }),

    byId(id: string): Promise<AdminTokenRow | undefined> {
      return db.selectFrom('adminTokens').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Resolves to false if the token does not exist or is revoked already. */
    revoke: (id: string, at: number): Promise<boolean> =>
      write('admin-token', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('adminTokens')
          .set({ revokedAt: at })
          .where('id', '=', id)
          .where('revokedAt', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    /** Records a use. It is not announced: no gateway keeps it in memory. */
    async used(id: string, at: number): Promise<void> {
      await db
        .updateTable('adminTokens')
        .set({ usedAt: at })
        .where('id', '=', id)
        .where(({ eb, or }) => or([eb('usedAt', 'is', null), eb('usedAt', '<', at)]))
        .execute();
    },

    /** Returns all tokens, oldest first. There are few. */
    list(): Promise<AdminTokenRow[]> {
      return db.selectFrom('adminTokens').selectAll().orderBy('createdAt').orderBy('id').execute();
    },
  };
}
