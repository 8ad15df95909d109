import type { Kysely } from 'kysely';
import type { Database, StateChangeRow } from './schema.ts';

export type StateChangeRepository = ReturnType<typeof stateChangeRepository>;

export type StateChangeQuery = {
  readonly before?: string | undefined;
  /** Names. */
  readonly agent?: string | undefined;
  readonly pool?: string | undefined;
  /** Milliseconds since 1970: from `since`, and before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
};

/** Rows of one statement: SQLite limits the number of parameters. */
const ROWS_PER_STATEMENT = 500;

/** The changes of the states of agents. No gateway keeps them in memory, so writing them is not a change to announce. */
export function stateChangeRepository(db: Kysely<Database>) {
  const newestOfEach = db
    .selectFrom('stateChanges')
    .select(({ fn }) => fn.max('id').as('id'))
    .groupBy('agentId');
  return {
    async insert(rows: readonly StateChangeRow[]): Promise<void> {
      for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
        const values = rows.slice(start, start + ROWS_PER_STATEMENT);
        await db.insertInto('stateChanges').values(values).execute();
      }
    },

    /** Returns the newest first, starting after the change `before`. */
    list({ before, agent, pool, since, until, limit }: StateChangeQuery): Promise<StateChangeRow[]> {
      return db
        .selectFrom('stateChanges')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .$if(agent !== undefined, (query) => query.where('agent', '=', agent ?? ''))
        .$if(pool !== undefined, (query) => query.where('pool', '=', pool ?? ''))
        .$if(since !== undefined, (query) => query.where('at', '>=', since ?? 0))
        .$if(until !== undefined, (query) => query.where('at', '<', until ?? 0))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    /** Returns the last change of each agent. */
    latest(): Promise<Pick<StateChangeRow, 'agentId' | 'state' | 'code'>[]> {
      return db
        .selectFrom('stateChanges')
        .select(['agentId', 'state', 'code'])
        .where('id', 'in', newestOfEach)
        .execute();
    },

    /**
     * Deletes changes from before `before`, but for the last one of each agent, and the oldest beyond `keep`; at most `limit` of
     * each. Returns whether there may be more to delete.
     */
    async prune({ before, keep, limit }: PrunedStateChanges): Promise<boolean> {
      const beyond = await db
        .selectFrom('stateChanges')
        .select('id')
        .orderBy('id', 'desc')
        .offset(keep)
        .limit(1)
        .executeTakeFirst();
      const oldest = db.selectFrom('stateChanges').select('id').orderBy('id').limit(limit);
      const old = await db
        .deleteFrom('stateChanges')
        .where('id', 'in', oldest.where('at', '<', before).where('id', 'not in', newestOfEach))
        .executeTakeFirst();
      if (beyond === undefined) return Number(old.numDeletedRows) >= limit;
      const most = await db
        .deleteFrom('stateChanges')
        .where('id', 'in', oldest.where('id', '<=', beyond.id))
        .executeTakeFirst();
      return Number(old.numDeletedRows) >= limit || Number(most.numDeletedRows) >= limit;
    },
  };
}

export type PrunedStateChanges = {
  /** Milliseconds since 1970. */
  readonly before: number;
  readonly keep: number;
  readonly limit: number;
};
