import type { AgentRow } from '@penstock/store';

/** What the store knows of an agent. Immutable; times are milliseconds since 1970. */
export type Member = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  /** Undefined for an agent that has a valid certificate but no row in the store. */
  readonly enrolledAt: number | undefined;
  readonly identityNotAfter: number | undefined;
  readonly drainedAt: number | undefined;
  readonly revokedAt: number | undefined;
};

export const memberOf = (row: AgentRow, identityNotAfter: number | undefined): Member => ({
  id: row.id,
  name: row.name,
  pool: row.pool,
  enrolledAt: row.createdAt,
  identityNotAfter,
  drainedAt: row.drainedAt ?? undefined,
  revokedAt: row.revokedAt ?? undefined,
});

export const areSameMembers = (one: Member, other: Member): boolean =>
  one.id === other.id &&
  one.name === other.name &&
  one.pool === other.pool &&
  one.enrolledAt === other.enrolledAt &&
  one.identityNotAfter === other.identityNotAfter &&
  one.drainedAt === other.drainedAt &&
  one.revokedAt === other.revokedAt;
