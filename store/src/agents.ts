import type { Kysely } from 'kysely';
import type { AgentRow, Database, RevocationReason } from './schema.ts';
import type { Writing } from './writing.ts';

export type AgentRepository = ReturnType<typeof agentRepository>;

export function agentRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (agent: AgentRow): Promise<void> =>
      write('agent', agent.id, async (inside) => {
        await inside.insertInto('agents').values(agent).execute();
      }),

    byId(id: string): Promise<AgentRow | undefined> {
      return db.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Returns these agents, revoked or not. Unknown ids have none. */
    byIds: async (ids: readonly string[]): Promise<AgentRow[]> =>
      ids.length === 0 ? [] : db.selectFrom('agents').selectAll().where('id', 'in', ids).execute(),

    /** Returns the agent with this name that is not revoked. At most one exists. */
    byName(name: string): Promise<AgentRow | undefined> {
      return db
        .selectFrom('agents')
        .selectAll()
        .where('name', '=', name)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
    },

    /** Returns agents that are not revoked, ordered by name, starting after `after`. */
    list({ after = '', limit }: { after?: string | undefined; limit: number }): Promise<AgentRow[]> {
      return db
        .selectFrom('agents')
        .selectAll()
        .where('revokedAt', 'is', null)
        .where('name', '>', after)
        .orderBy('name')
        .limit(limit)
        .execute();
    },

    /** Returns the ids of revoked agents with a certificate that is valid at `at`. */
    async revokedWithValidIdentity(at: number): Promise<string[]> {
      const rows = await db
        .selectFrom('agents')
        .innerJoin('identities', 'identities.agentId', 'agents.id')
        .select('agents.id')
        .distinct()
        .where('agents.revokedAt', 'is not', null)
        .where('identities.notAfter', '>', at)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Returns revoked agents with a certificate that is valid at `at`. */
    revokedAndUnexpired(at: number): Promise<AgentRow[]> {
      return db
        .selectFrom('agents')
        .selectAll()
        .where('revokedAt', 'is not', null)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('identities')
              .select('identities.serial')
              .whereRef('identities.agentId', '=', 'agents.id')
              .where('identities.notAfter', '>', at),
          ),
        )
        .execute();
    },

    /** Marks an agent as drained since `at`, or as not drained if null. Resolves to false if no such agent exists. */
    setDrained: (id: string, at: number | null): Promise<boolean> =>
      write('agent', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('agents')
          .set({ drainedAt: at })
          .where('id', '=', id)
          .where('revokedAt', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    /** Resolves to false if the agent does not exist or is revoked already. */
    revoke: (id: string, at: number, reason: RevocationReason): Promise<boolean> =>
      write('agent', id, async (inside) => {
        const { numUpdatedRows } = await inside
          .updateTable('agents')
          .set({ revokedAt: at, revokedReason: reason })
          .where('id', '=', id)
          .where('revokedAt', 'is', null)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
  };
}
