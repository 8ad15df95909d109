import { randomInt } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { ID_SLOTS } from '../connection-log/connection-ids.ts';
import type { DatabaseClock } from '../database-clock.ts';
import type { Database, ReplicaRow, ReplicaState } from '../schema.ts';
import type { Writing } from '../writing.ts';

export type ReplicaRepository = ReturnType<typeof replicaRepository>;

/** A gateway as it enters itself; the database's clock adds the times. `idSlot`: the one that it has had, if any. */
export type NewReplica = Omit<ReplicaRow, 'startedAt' | 'expiresAt' | 'idSlot'> & {
  readonly idSlot?: number;
};

/** A lease by the clock of the database, in milliseconds since 1970. */
export type LeaseTimes = { readonly now: number; readonly expiresAt: number };

export function replicaRepository(db: Kysely<Database>, write: Writing, now: DatabaseClock) {
  const times = [now.as('now'), 'expiresAt'] as const;
  const of = ({ id, epoch }: Pick<ReplicaRow, 'id' | 'epoch'>) =>
    db.updateTable('replicas').where('id', '=', id).where('epoch', '=', epoch);
  return {
    /**
     * Enters a replica for `ttl` milliseconds. An earlier life with the same id loses its row. Resolves to its slot too,
     * which no other replica has.
     */
    join: (replica: NewReplica, ttl: number): Promise<LeaseTimes & { readonly idSlot: number }> =>
      write('replica', replica.id, async (inside) => {
        const idSlot = await freeSlot(inside, replica);
        const row = {
          ...replica,
          idSlot,
          startedAt: sql<number>`${now}`,
          expiresAt: sql<number>`${now} + ${ttl}`,
        };
        const { id: _, ...rest } = row;
        const lease = await inside
          .insertInto('replicas')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
          .returning(times)
          .executeTakeFirstOrThrow();
        return { ...lease, idSlot };
      }),

    /**
     * Extends the lease to `ttl` milliseconds from now, even after it expired. Resolves to undefined if the row is gone or
     * belongs to another life: the caller must join again. Does not count as a change.
     */
    renew: (self: Pick<ReplicaRow, 'id' | 'epoch'>, ttl: number): Promise<LeaseTimes | undefined> =>
      of(self)
        .set({ expiresAt: sql<number>`${now} + ${ttl}` })
        .returning(times)
        .executeTakeFirst(),

    /** Resolves to false if the row is gone or belongs to another life. */
    update: (
      { id, epoch }: Pick<ReplicaRow, 'id' | 'epoch'>,
      set: { readonly state?: ReplicaState; readonly configDigest?: string },
    ): Promise<boolean> =>
      write('replica', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('replicas')
          .set(set)
          .where('id', '=', id)
          .where('epoch', '=', epoch)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    /** Removes a replica that stops. Resolves to false if the row is gone or belongs to another life. */
    leave: ({ id, epoch }: Pick<ReplicaRow, 'id' | 'epoch'>): Promise<boolean> =>
      write('replica', id, async (inside) => {
        const { numDeletedRows } = await inside
          .deleteFrom('replicas')
          .where('id', '=', id)
          .where('epoch', '=', epoch)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),

    /** Returns all replicas by id, expired ones too, each with the `now` of the database. */
    list: (): Promise<(ReplicaRow & { readonly now: number })[]> =>
      db.selectFrom('replicas').selectAll().select(now.as('now')).orderBy('id').execute(),

    /** Deletes replicas whose lease expired more than `age` milliseconds ago. Returns the number deleted. */
    async prune(age: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('replicas')
        .where('expiresAt', '<', sql<number>`${now} - ${age}`)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}

/** The slot that a replica has had, or else one at random that no other has: an earlier life may still create ids. */
async function freeSlot(db: Kysely<Database>, { id, epoch, idSlot }: NewReplica): Promise<number> {
  const others = await db
    .selectFrom('replicas')
    .select('idSlot')
    .where(({ or, eb }) => or([eb('id', '<>', id), eb('epoch', '<>', epoch)]))
    .execute();
  const taken = new Set(others.map((other) => other.idSlot));
  if (idSlot !== undefined && !taken.has(idSlot)) return idSlot;
  const free = Array.from({ length: ID_SLOTS }, (_, slot) => slot).filter((slot) => !taken.has(slot));
  return free[randomInt(Math.max(1, free.length))] ?? randomInt(ID_SLOTS);
}
