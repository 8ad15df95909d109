import type { Kysely } from 'kysely';
import type { AgentKeyRow, AgentRow, Database } from './schema.ts';

export type AgentKeyRepository = ReturnType<typeof agentKeyRepository>;

export function agentKeyRepository(db: Kysely<Database>) {
  return {
    /** Assigns a key to an agent, unless it has an owner already; see `owner`. */
    async claim(key: AgentKeyRow): Promise<void> {
      await db
        .insertInto('agentKeys')
        .values(key)
        .onConflict((conflict) => conflict.column('key').doNothing())
        .execute();
    },

    /** Returns the agent that owns this public key, revoked or not. */
    owner(key: string): Promise<AgentRow | undefined> {
      return db
        .selectFrom('agentKeys')
        .innerJoin('agents', 'agents.id', 'agentKeys.agentId')
        .selectAll('agents')
        .where('agentKeys.key', '=', key)
        .executeTakeFirst();
    },

    /** Deletes keys that were claimed before `before` and have no stored certificate. Returns the number deleted. */
    async prune(before: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('agentKeys')
        .where('createdAt', '<', before)
        .where('key', 'not in', ({ selectFrom }) => selectFrom('identities').select('identities.key'))
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
