import type { Kysely } from 'kysely';
import type { AgentKeyRow, AgentRow, Database } from './schema.ts';

export type AgentKeyRepository = ReturnType<typeof agentKeyRepository>;

export function agentKeyRepository(db: Kysely<Database>) {
  return {
    /** Keeps the first owner of a key; ask `owner` who that is. */
    async claim(key: AgentKeyRow): Promise<void> {
      await db
        .insertInto('agentKeys')
        .values(key)
        .onConflict((conflict) => conflict.column('key').doNothing())
        .execute();
    },

    /** The agent this public key belongs to, revoked or not. */
    owner(key: string): Promise<AgentRow | undefined> {
      return db
        .selectFrom('agentKeys')
        .innerJoin('agents', 'agents.id', 'agentKeys.agentId')
        .selectAll('agents')
        .where('agentKeys.key', '=', key)
        .executeTakeFirst();
    },

    /** Forgets keys claimed before `before` that no certificate on record has. Returns how many went. */
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
