import type { Kysely } from 'kysely';
import type { ApprovalRow, Database } from './schema.ts';
import type { Writing } from './writing.ts';

export type ApprovalRepository = ReturnType<typeof approvalRepository>;

export type ApprovalQuery = {
  readonly before?: string | undefined;
  /** Only approvals that are pending at this time. */
  readonly pendingAt?: number | undefined;
  readonly limit: number;
};

export function approvalRepository(db: Kysely<Database>, write: Writing) {
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
      decision: { readonly state: 'approved' | 'denied'; readonly by: string; readonly at: number },
    ): Promise<boolean> =>
      write('approval', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('approvals')
          .set({ state: decision.state, decidedBy: decision.by, decidedAt: decision.at })
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

    /** Marks actions as failed that were running when the gateway stopped. How far they got is unknown. */
    async failUnfinished(outcome: string): Promise<void> {
      await db
        .updateTable('approvals')
        .set({ state: 'failed', outcome })
        .where('state', '=', 'approved')
        .execute();
    },

    /** Deletes approvals that expired before `before`. */
    async prune(before: number): Promise<void> {
      await db.deleteFrom('approvals').where('expiresAt', '<', before).execute();
    },
  };
}
