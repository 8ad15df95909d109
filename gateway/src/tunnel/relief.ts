import type { RegisteredSession } from './session-registry.ts';

/** Moves at once: each of them sends again what is on its way. */
const MAX_MOVES = 8;

/** The part of a session that relief looks at. */
export type Relieved = Pick<
  RegisteredSession,
  'load' | 'bootId' | 'replica' | 'acceptsOpens' | 'acceptsResumes' | 'isSuspect'
>;

/**
 * How many connections of a congested session should move to another one of the same process of its agent, which also ends at this
 * gateway: half of what it has more than the least loaded one.
 */
export function connectionsToMove<Session extends Relieved>(
  congested: Session,
  sessions: Iterable<Session>,
): number {
  let least = congested.load;
  for (const session of sessions) {
    const isNear = session.bootId === congested.bootId && session.replica === undefined;
    const isUsable = session.acceptsOpens && session.acceptsResumes && !session.isSuspect;
    if (isNear && isUsable) least = Math.min(least, session.load);
  }
  return Math.min(MAX_MOVES, Math.floor((congested.load - least) / 2));
}
