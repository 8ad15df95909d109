import type { Kysely } from 'kysely';
import type { AgentRow, Database, RevocationReason } from './schema.ts';

export type AgentRepository = ReturnType<typeof agentRepository>;

export function agentRepository(db: Kysely<Database>) {
  return {
    async insert(agent: AgentRow): Promise<void> {
      await db.insertInto('agents').values(agent).execute();
    },

    byId(id: string): Promise<AgentRow | undefined> {
      return db.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** The one agent of this name that is not revoked. */
    byName(name: string): Promise<AgentRow | undefined> {
      return db
        .selectFrom('agents')
        .selectAll()
        .where('name', '=', name)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
    },

    /** Agents that are not revoked, by name, those after `after`. */
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

    /** Ids of revoked agents that still have a certificate valid at `at`. */
    async revokedWithLivingIdentity(at: number): Promise<string[]> {
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

    /** Revoked agents that still have a certificate valid at `at`. */
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

    /** Keeps new opens away from an agent since `at`, or no longer when null. False when there is no such agent. */
    async setDrained(id: string, at: number | null): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('agents')
        .set({ drainedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** False when there is no such agent, or it is revoked already. */
    async revoke(id: string, at: number, reason: RevocationReason): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('agents')
        .set({ revokedAt: at, revokedReason: reason })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  };
}
