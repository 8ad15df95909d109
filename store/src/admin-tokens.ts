import type { Kysely } from 'kysely';
import type { AdminTokenRow, Database } from './schema.ts';

export type AdminTokenRepository = ReturnType<typeof adminTokenRepository>;

export function adminTokenRepository(db: Kysely<Database>) {
  return {
    async insert(token: AdminTokenRow): Promise<void> {
      await db.insertInto('adminTokens').values(token).execute();
    },

    byId(id: string): Promise<AdminTokenRow | undefined> {
      return db.selectFrom('adminTokens').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Resolves to false if the token does not exist or is revoked already. */
    async revoke(id: string, at: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('adminTokens')
        .set({ revokedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** Returns all tokens, oldest first. There are few. */
    list(): Promise<AdminTokenRow[]> {
      return db.selectFrom('adminTokens').selectAll().orderBy('createdAt').orderBy('id').execute();
    },
  };
}
