import { type Kysely, sql } from 'kysely';
import type { DatabaseClock } from './database-clock.ts';
import type { ApprovalRow, Database } from './schema.ts';
import type { Writing } from './writing.ts';

export type ApprovalRepository = ReturnType<typeof approvalRepository>;

export type ApprovalQuery = {
  readonly before?: string | undefined;
  /** Only approvals that are pending at this time. */
  readonly pendingAt?: number | undefined;
  readonly limit: number;
};

export function approvalRepository(db: Kysely<Database>, write: Writing, now: DatabaseClock) {
  const pending = (at: number) =>
    db.selectFrom('approvals').where('state', '=', 'pending').where('expiresAt', '>', at);
  return {
    insert: (row: ApprovalRow): Promise<void> =>
      write('approval', row.id, async (inside) => {
        await inside.insertInto('approvals').values(row).execute();
      }),

    byId(id: string): Promise<ApprovalRow | undefined> {
      return db.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Returns the newest first. */
    list({ before, pendingAt, limit }: ApprovalQuery): Promise<ApprovalRow[]> {
      return (pendingAt === undefined ? db.selectFrom('approvals') : pending(pendingAt))
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    async countPending(at: number): Promise<number> {
      const { count } = await pending(at)
        .select((expression) => expression.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Returns a pending approval of the same action and requester. */
    findPending(
      { action, subject, agentId, requestedBy, arguments: text }: Omit<ApprovalRow, 'id' | 'state'>,
      at: number,
    ): Promise<ApprovalRow | undefined> {
      return pending(at)
        .selectAll()
        .where('action', '=', action)
        .where('subject', '=', subject)
        .where('agentId', agentId === null ? 'is' : '=', agentId)
        .where('requestedBy', '=', requestedBy)
        .where('arguments', '=', text)
        .executeTakeFirst();
    },

    /** Resolves to false if the approval is not pending: of two concurrent decisions, one takes effect. */
    decide: (
      id: string,
      decision: {
        readonly state: 'approved' | 'denied';
        readonly by: string;
        readonly at: number;
        /** The epoch of the gateway that will run it. */
        readonly runner?: string | undefined;
      },
    ): Promise<boolean> =>
      write('approval', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('approvals')
          .set({
            state: decision.state,
            decidedBy: decision.by,
            decidedAt: decision.at,
            runner: decision.runner ?? null,
          })
          .where('id', '=', id)
          .where('state', '=', 'pending')
          .where('expiresAt', '>', decision.at)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    finish: (id: string, state: 'done' | 'failed', outcome: string): Promise<void> =>
      write('approval', id, async (inside) => {
        await inside.updateTable('approvals').set({ state, outcome }).where('id', '=', id).execute();
      }),

    /**
     * Marks actions as failed of which the gateway no longer shows that it runs. How far they got is unknown. `leaseOf` is
     * the beginning of the names of such leases, before the epoch of the gateway. Returns the ids.
     */
    async failAbandoned(outcome: string, leaseOf: string): Promise<string[]> {
      const abandoned = await db
        .selectFrom('approvals')
        .select('id')
        .where('state', '=', 'approved')
        .where(({ or, eb, not, exists, selectFrom }) =>
          or([
            eb('runner', 'is', null),
            not(
              exists(
                selectFrom('leases')
                  .select('leases.name')
                  .where(({ eb: match, ref }) =>
                    match('leases.name', '=', sql<string>`${leaseOf} || ${ref('approvals.runner')}`),
                  )
                  .where('leases.expiresAt', '>', now),
              ),
            ),
          ]),
        )
        .execute();
      for (const { id } of abandoned) {
        await write('approval', id, async (inside) => {
          const { numUpdatedRows } = await inside
            .updateTable('approvals')
            .set({ state: 'failed', outcome })
            .where('id', '=', id)
            .where('state', '=', 'approved')
            .executeTakeFirst();
          return numUpdatedRows > 0n;
        });
      }
      return abandoned.map(({ id }) => id);
    },

    /** Deletes approvals that expired before `before`. */
    async prune(before: number): Promise<void> {
      await db.deleteFrom('approvals').where('expiresAt', '<', before).execute();
    },
  };
}
