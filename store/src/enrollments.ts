import type { Kysely } from 'kysely';
import type { Database, EnrollmentRow, EnrollmentTokenRow } from './schema.ts';

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
