import type { Kysely } from 'kysely';
import type { Database, IdentityRow } from './schema.ts';

export type IdentityRepository = ReturnType<typeof identityRepository>;

export function identityRepository(db: Kysely<Database>) {
  return {
    async insert(identity: IdentityRow): Promise<void> {
      await db.insertInto('identities').values(identity).execute();
    },

    bySerial(serial: string): Promise<IdentityRow | undefined> {
      return db.selectFrom('identities').selectAll().where('serial', '=', serial).executeTakeFirst();
    },

    /** The identity of an agent that lives longest. */
    latest(agentId: string): Promise<IdentityRow | undefined> {
      return db
        .selectFrom('identities')
        .selectAll()
        .where('agentId', '=', agentId)
        .orderBy('notAfter', 'desc')
        .orderBy('issuedAt', 'desc')
        .limit(1)
        .executeTakeFirst();
    },

    /** For each of these agents, when its longest-lived certificate ends. */
    async notAfterOf(agentIds: readonly string[]): Promise<Map<string, number>> {
      if (agentIds.length === 0) return new Map();
      const rows = await db
        .selectFrom('identities')
        .select(['agentId', (query) => query.fn.max('notAfter').as('notAfter')])
        .where('agentId', 'in', agentIds)
        .groupBy('agentId')
        .execute();
      return new Map(rows.map(({ agentId, notAfter }) => [agentId, notAfter]));
    },

    /** Serials that are revoked and would still be valid at `at`. */
    async revokedSerials(at: number): Promise<string[]> {
      const rows = await db
        .selectFrom('identities')
        .select('serial')
        .where('revokedAt', 'is not', null)
        .where('notAfter', '>', at)
        .execute();
      return rows.map(({ serial }) => serial);
    },

    async revokeAllOf(agentId: string, at: number): Promise<void> {
      await db
        .updateTable('identities')
        .set({ revokedAt: at })
        .where('agentId', '=', agentId)
        .where('revokedAt', 'is', null)
        .execute();
    },

    /** Forgets certificates that ended before `before`, but keeps the last of each agent. Returns how many went. */
    async prune(before: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('identities')
        .where('notAfter', '<', before)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('identities as later')
              .select('later.serial')
              .whereRef('later.agentId', '=', 'identities.agentId')
              .whereRef('later.notAfter', '>', 'identities.notAfter'),
          ),
        )
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
