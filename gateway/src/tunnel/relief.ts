import type { RegisteredSession } from './session-registry.ts';

/** The part of a session that relief looks at. */
export type Relieved = Pick<
  RegisteredSession,
  'bootId' | 'replica' | 'acceptsOpens' | 'acceptsResumes' | 'isSuspect' | 'countBusy' | 'relieve'
>;

/**
 * Moves busy connections of a congested session to the other sessions of the same process of its agent that end at this gateway too: half
 * of what it has more than the least busy one. Does nothing unless they were counted a moment ago.
 */
export function relieve<Session extends Relieved>(congested: Session, sessions: Iterable<Session>): void {
  const busy = congested.countBusy();
  let least = busy;
  for (const session of sessions) {
    if (session === congested || session.bootId !== congested.bootId || session.replica !== undefined)
      continue;
    if (!session.acceptsOpens || !session.acceptsResumes || session.isSuspect) continue;
    const its = session.countBusy();
    if (its !== undefined && least !== undefined) least = Math.min(least, its);
  }
  const count = Math.floor(((busy ?? 0) - (least ?? 0)) / 2);
  if (count > 0) congested.relieve(count);
}
