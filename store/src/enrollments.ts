import type { Kysely } from 'kysely';
import type { AgentRow, Database, EnrollmentRow, EnrollmentTokenRow } from './schema.ts';

/** An agent and its use of a token. */
export type EnrolledAgent = Pick<AgentRow, 'id' | 'name' | 'revokedAt'> &
  Pick<EnrollmentRow, 'enrolledAt' | 'address'>;

export type EnrollmentRepository = ReturnType<typeof enrollmentRepository>;

export function enrollmentRepository(db: Kysely<Database>) {
  return {
    async insert(enrollment: EnrollmentRow): Promise<void> {
      await db.insertInto('enrollments').values(enrollment).execute();
    },

    /** Whether this agent has taken a use of this token before. */
    async exists(tokenId: string, agentId: string): Promise<boolean> {
      const row = await db
        .selectFrom('enrollments')
        .select('agentId')
        .where('tokenId', '=', tokenId)
        .where('agentId', '=', agentId)
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Returns the agents that have enrolled with a token, the newest first. */
    agentsOf(tokenId: string, limit: number): Promise<EnrolledAgent[]> {
      return db
        .selectFrom('enrollments')
        .innerJoin('agents', 'agents.id', 'enrollments.agentId')
        .select([
          'agents.id',
          'agents.name',
          'agents.revokedAt',
          'enrollments.enrolledAt',
          'enrollments.address',
        ])
        .where('enrollments.tokenId', '=', tokenId)
        .orderBy('enrollments.enrolledAt', 'desc')
        .orderBy('agents.id')
        .limit(limit)
        .execute();
    },

    /** Returns the tokens with which this agent has enrolled and that are usable at `at`. */
    tokensUsableBy(agentId: string, at: number): Promise<EnrollmentTokenRow[]> {
      return db
        .selectFrom('enrollments')
        .innerJoin('enrollmentTokens', 'enrollmentTokens.id', 'enrollments.tokenId')
        .selectAll('enrollmentTokens')
        .where('enrollments.agentId', '=', agentId)
        .where('enrollmentTokens.revokedAt', 'is', null)
        .where('enrollmentTokens.expiresAt', '>', at)
        .where('enrollmentTokens.usesLeft', '>', 0)
        .execute();
    },
  };
}
