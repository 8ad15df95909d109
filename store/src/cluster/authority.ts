import type { Kysely } from 'kysely';
import type { DatabaseClock } from '../database-clock.ts';
import type { Database } from '../schema.ts';

export type AuthorityRepository = ReturnType<typeof authorityRepository>;

/** The agent CA of a store: agents that enroll at one gateway must be accepted by the others. */
export function authorityRepository(db: Kysely<Database>, now: DatabaseClock) {
  return {
    /**
     * Records the CA of a gateway that starts, by the hash of its key. Resolves to false if it is another one than that of
     * a gateway that runs, which shows so by a lease whose name begins with `leaseOf`. Call it in a transaction.
     */
    async claim(
      authority: string,
      self: { readonly leaseOf: string; readonly epoch: string },
    ): Promise<boolean> {
      const known = await db
        .selectFrom('cluster')
        .select('authority')
        .where('id', '=', 1)
        .executeTakeFirstOrThrow();
      if (known.authority === authority) return true;
      if (known.authority !== null) {
        const other = await db
          .selectFrom('leases')
          .select('holder')
          .where('name', 'like', `${self.leaseOf}%`)
          .where('holder', '!=', self.epoch)
          .where('expiresAt', '>', now)
          .executeTakeFirst();
        if (other !== undefined) return false;
      }
      await db.updateTable('cluster').set({ authority }).where('id', '=', 1).execute();
      return true;
    },
  };
}
