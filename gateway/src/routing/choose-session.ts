import type { RoutableSession } from './session-contract.ts';

/** The part of a session that choosing looks at. */
export type Candidate = Pick<RoutableSession, 'acceptsOpens' | 'load' | 'offers'> & {
  readonly identity: Pick<RoutableSession['identity'], 'agentId'>;
};

export type Choice<Session> = {
  readonly connector: string;
  /** The address of the connector that the client requested; its first when omitted. */
  readonly address?: string | undefined;
  readonly isWanted: (agentId: string) => boolean;
  /** Whether a session counts; all when omitted. */
  readonly accepts?: (session: Session) => boolean;
  /** Returns a number from 0 up to, but not including, 1. Decides among sessions of equal load. */
  readonly random: () => number;
};

/** The least loaded session of a wanted agent that accepts the open; undefined when there is none. */
export function chooseSession<Session extends Candidate>(
  sessions: Iterable<Session>,
  { connector, address, isWanted, accepts, random }: Choice<Session>,
): Session | undefined {
  let best: Session | undefined;
  let ties = 0;
  for (const session of sessions) {
    if (best !== undefined && session.load > best.load) continue;
    if (!session.acceptsOpens || !session.offers(connector, address) || !isWanted(session.identity.agentId))
      continue;
    if (accepts?.(session) === false) continue;
    ties = best !== undefined && session.load === best.load ? ties + 1 : 1;
    // Reservoir sampling: each tied session has the same chance, without counting them first.
    if (ties === 1 || random() * ties < 1) best = session;
  }
  return best;
}
