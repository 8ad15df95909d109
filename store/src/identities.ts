import type { Kysely } from 'kysely';
import type { Database, IdentityRow } from './schema.ts';
import type { Writing } from './writing.ts';

export type IdentityRepository = ReturnType<typeof identityRepository>;

export function identityRepository(db: Kysely<Database>, write: Writing) {
  return {
    insert: (identity: IdentityRow): Promise<void> =>
      write('identity', identity.agentId, async (inside) => {
        await inside.insertInto('identities').values(identity).execute();
      }),

    bySerial(serial: string): Promise<IdentityRow | undefined> {
      return db.selectFrom('identities').selectAll().where('serial', '=', serial).executeTakeFirst();
    },

    /** Returns the identity of an agent that expires last. */
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

    /** Returns, for each of these agents, the expiry of the certificate that expires last. */
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

    /** Returns the serials that are revoked and would otherwise be valid at `at`. */
    async revokedSerials(at: number): Promise<string[]> {
      const rows = await db
        .selectFrom('identities')
        .select('serial')
        .where('revokedAt', 'is not', null)
        .where('notAfter', '>', at)
        .execute();
      return rows.map(({ serial }) => serial);
    },

    revokeAllOf: (agentId: string, at: number): Promise<void> =>
      write('identity', agentId, async (inside) => {
        await inside
          .updateTable('identities')
          .set({ revokedAt: at })
          .where('agentId', '=', agentId)
          .where('revokedAt', 'is', null)
          .execute();
      }),

    /** Deletes certificates that expired before `before`, except the last one of each agent. Returns the number deleted. */
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
