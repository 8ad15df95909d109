import { type Kysely, sql } from 'kysely';
import type { DatabaseClock } from '../database-clock.ts';
import type { Database, LeaseRow } from '../schema.ts';
import type { LeaseTimes } from './replicas.ts';

export type LeaseRepository = ReturnType<typeof leaseRepository>;

type Held = Pick<LeaseRow, 'name' | 'holder' | 'epoch'>;

/**
 * Leases name the one gateway that has a duty. A row rather than an advisory lock: such a lock follows a TCP connection,
 * and neither ends with the gateway that took it nor lasts as long.
 */
export function leaseRepository(db: Kysely<Database>, now: DatabaseClock) {
  const held = ({ name, holder, epoch }: Held) =>
    db.updateTable('leases').where('name', '=', name).where('holder', '=', holder).where('epoch', '=', epoch);
  return {
    /**
     * Takes a lease that is free or has expired, for `ttl` milliseconds. Resolves to undefined while another holder, or
     * the same one under an earlier epoch, has it. Call it in a transaction: writes that check the epoch then come
     * either before or after.
     */
    take: (
      name: string,
      holder: string,
      ttl: number,
    ): Promise<(LeaseTimes & { readonly epoch: number }) | undefined> =>
      db
        .insertInto('leases')
        .values({ name, holder, epoch: 1, expiresAt: sql<number>`${now} + ${ttl}` })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet(({ ref }) => ({
              holder,
              epoch: sql<number>`${ref('leases.epoch')} + 1`,
              expiresAt: sql<number>`${now} + ${ttl}`,
            }))
            .where('leases.expiresAt', '<=', now),
        )
        .returning([now.as('now'), 'expiresAt', 'epoch'])
        .executeTakeFirst(),

    /** Extends a lease, even after it expired, as long as nobody took it. Resolves to undefined if somebody did. */
    renew: (lease: Held, ttl: number): Promise<LeaseTimes | undefined> =>
      held(lease)
        .set({ expiresAt: sql<number>`${now} + ${ttl}` })
        .returning([now.as('now'), 'expiresAt'])
        .executeTakeFirst(),

    /** Gives a lease up, so that another gateway can take it at once. The epoch stays. */
    async release(lease: Held): Promise<void> {
      await held(lease).set({ expiresAt: 0 }).execute();
    },

    /** Deletes a lease that nobody will take again. */
    async drop({ name, holder }: Pick<Held, 'name' | 'holder'>): Promise<void> {
      await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
    },

    /** Deletes leases with this beginning of their name that expired `age` milliseconds ago. */
    async prune(prefix: string, age: number): Promise<void> {
      await db
        .deleteFrom('leases')
        .where('name', 'like', `${prefix}%`)
        .where('expiresAt', '<', sql<number>`${now} - ${age}`)
        .execute();
    },

    /** The number of leases with this beginning of their name that have not expired. */
    async liveHolders(prefix: string): Promise<number> {
      const { count } = await db
        .selectFrom('leases')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('name', 'like', `${prefix}%`)
        .where('expiresAt', '>', now)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Whether nobody has taken this lease since. In a transaction, that holds until its commit. */
    async isHeld({ name, holder, epoch }: Held): Promise<boolean> {
      const row = await db
        .selectFrom('leases')
        .select('epoch')
        .where('name', '=', name)
        .where('holder', '=', holder)
        .where('epoch', '=', epoch)
        .executeTakeFirst();
      return row !== undefined;
    },

    of: (name: string): Promise<LeaseRow | undefined> =>
      db.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst(),
  };
}
