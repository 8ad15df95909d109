import type { Kysely } from 'kysely';
import type { ConsoleCodeRow, Database } from './schema.ts';

export type ConsoleCodeRepository = ReturnType<typeof consoleCodeRepository>;

export function consoleCodeRepository(db: Kysely<Database>) {
  return {
    async insert(code: ConsoleCodeRow): Promise<void> {
      await db.insertInto('consoleCodes').values(code).execute();
    },

    /**
     * Deletes the code and returns it. Undefined if it does not exist: of concurrent calls, one gets it. The caller checks
     * whether it has expired.
     */
    async take(hash: string): Promise<ConsoleCodeRow | undefined> {
      const code = await db
        .selectFrom('consoleCodes')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst();
      if (code === undefined) return undefined;
      const { numDeletedRows } = await db
        .deleteFrom('consoleCodes')
        .where('hash', '=', hash)
        .executeTakeFirst();
      return numDeletedRows > 0n ? code : undefined;
    },

    async countOf(actor: string): Promise<number> {
      const { count } = await db
        .selectFrom('consoleCodes')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('actor', '=', actor)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Deletes codes that expired before `now`. */
    async prune(now: number): Promise<void> {
      await db.deleteFrom('consoleCodes').where('expiresAt', '<=', now).execute();
    },

    async endOfToken(tokenId: string): Promise<void> {
      await db.deleteFrom('consoleCodes').where('tokenId', '=', tokenId).execute();
    },
  };
}
