import type { RegisteredSession } from './session-registry.ts';

/** The part of a session that relief looks at. */
export type Relieved = Pick<
  RegisteredSession,
  'load' | 'bootId' | 'replica' | 'acceptsOpens' | 'acceptsResumes' | 'isSuspect'
>;

/**
 * The least load of the sessions that connections of a congested one can move to: those of the same process of its agent which also end at
 * this gateway. Undefined if there is none.
 */
export function leastLoad<Session extends Relieved>(
  congested: Session,
  sessions: Iterable<Session>,
): number | undefined {
  let least: number | undefined;
  for (const session of sessions) {
    if (session === congested || session.bootId !== congested.bootId || session.replica !== undefined)
      continue;
    const isUsable = session.acceptsOpens && session.acceptsResumes && !session.isSuspect;
    if (isUsable) least = Math.min(least ?? session.load, session.load);
  }
  return least;
}
