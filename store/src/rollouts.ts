import type { Kysely } from 'kysely';
import type { Database, RolloutAgentRow, RolloutRow } from './schema.ts';
import type { Writing } from './writing.ts';

export type RolloutRepository = ReturnType<typeof rolloutRepository>;

/** Rows of one statement: SQLite limits the number of parameters. */
const ROWS_PER_STATEMENT = 500;

export function rolloutRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (row: RolloutRow, agents: readonly RolloutAgentRow[]): Promise<void> =>
      write('rollout', row.id, async (inside) => {
        await inside.insertInto('rollouts').values(row).execute();
        await putAgents(inside, agents);
      }),

    byId: (id: string): Promise<RolloutRow | undefined> =>
      db.selectFrom('rollouts').selectAll().where('id', '=', id).executeTakeFirst(),

    /** Returns the newest first. */
    list: ({
      before,
      onlyOpen,
      limit,
    }: {
      readonly before?: string | undefined;
      readonly onlyOpen: boolean;
      readonly limit: number;
    }): Promise<RolloutRow[]> =>
      db
        .selectFrom('rollouts')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .$if(onlyOpen, (query) => query.where('isOpen', '=', 1))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),

    /** Returns all rollouts that have not ended, the oldest first. */
    open: (): Promise<RolloutRow[]> =>
      db.selectFrom('rollouts').selectAll().where('isOpen', '=', 1).orderBy('id').execute(),

    /** Returns the rollouts that have ended at `since` or later, the oldest first. */
    endedSince: (since: number): Promise<RolloutRow[]> =>
      db
        .selectFrom('rollouts')
        .selectAll()
        .where('isOpen', '=', 0)
        .where('updatedAt', '>=', since)
        .orderBy('id')
        .execute(),

    agentsOf: (rolloutId: string): Promise<RolloutAgentRow[]> =>
      db
        .selectFrom('rolloutAgents')
        .selectAll()
        .where('rolloutId', '=', rolloutId)
        .orderBy('groupNumber')
        .orderBy('name')
        .execute(),

    /**
     * Writes the next step of a rollout with the agents that it changes. Resolves to false, and writes nothing, if another
     * step was written since `row.revision - 1`, or one by a later leader.
     */
    save: (row: RolloutRow, agents: readonly RolloutAgentRow[]): Promise<boolean> =>
      write('rollout', row.id, async (inside) => {
        const { id, state, isOpen, revision, epoch, updatedAt, body } = row;
        const { numUpdatedRows } = await inside
          .updateTable('rollouts')
          .set({ state, isOpen, revision, epoch, updatedAt, body })
          .where('id', '=', id)
          .where('revision', '=', revision - 1)
          .where('epoch', '<=', epoch)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return false;
        await putAgents(inside, agents);
        return true;
      }),

    /** Deletes rollouts that ended before `before`. */
    async prune(before: number): Promise<void> {
      const ended = db
        .selectFrom('rollouts')
        .select('id')
        .where('isOpen', '=', 0)
        .where('updatedAt', '<', before);
      await db.deleteFrom('rolloutAgents').where('rolloutId', 'in', ended).execute();
      await db.deleteFrom('rollouts').where('id', 'in', ended).execute();
    },
  };
}

async function putAgents(db: Kysely<Database>, agents: readonly RolloutAgentRow[]): Promise<void> {
  for (let start = 0; start < agents.length; start += ROWS_PER_STATEMENT) {
    const rows = agents.slice(start, start + ROWS_PER_STATEMENT);
    await db
      .insertInto('rolloutAgents')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['rolloutId', 'agentId']).doUpdateSet(({ ref }) => ({
          groupNumber: ref('excluded.groupNumber'),
          state: ref('excluded.state'),
          since: ref('excluded.since'),
          deadline: ref('excluded.deadline'),
          skipped: ref('excluded.skipped'),
          reason: ref('excluded.reason'),
        })),
      )
      .execute();
  }
}
