import type { Kysely } from 'kysely';
import type { ConsoleSessionRow, Database } from './schema.ts';

export type ConsoleSessionRepository = ReturnType<typeof consoleSessionRepository>;

/** Sessions of the console. One that has ended has no row. */
export function consoleSessionRepository(db: Kysely<Database>) {
  return {
    async insert(session: ConsoleSessionRow): Promise<void> {
      await db.insertInto('consoleSessions').values(session).execute();
    },

    byId(id: string): Promise<ConsoleSessionRow | undefined> {
      return db.selectFrom('consoleSessions').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Returns the sessions of an actor or of an admin token, or all; the newest first. */
    list(filter: {
      readonly actor?: string | undefined;
      readonly tokenId?: string | undefined;
      readonly limit: number;
    }): Promise<ConsoleSessionRow[]> {
      const { actor, tokenId, limit } = filter;
      return db
        .selectFrom('consoleSessions')
        .selectAll()
        .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
        .$if(tokenId !== undefined, (query) => query.where('tokenId', '=', tokenId ?? ''))
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    async seen(id: string, at: number): Promise<void> {
      await db
        .updateTable('consoleSessions')
        .set({ seenAt: at })
        .where('id', '=', id)
        .where('seenAt', '<', at)
        .execute();
    },

    /** Resolves to false if the session has ended already. */
    async end(id: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('consoleSessions')
        .where('id', '=', id)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },

    /** Deletes sessions that have expired, or were last used before `idleSince`. */
    async prune({ now, idleSince }: { readonly now: number; readonly idleSince: number }): Promise<void> {
      await db
        .deleteFrom('consoleSessions')
        .where(({ eb, or }) => or([eb('expiresAt', '<=', now), eb('seenAt', '<', idleSince)]))
        .execute();
    },
  };
}
