import type { RoutableSession } from './session-contract.ts';

/** The part of a session that choosing looks at. */
export type Candidate = Pick<RoutableSession, 'acceptsOpens' | 'load' | 'offers' | 'replica'> & {
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

/**
 * The least loaded session of a wanted agent that accepts the open, one to this gateway before one to another replica;
 * undefined when there is none.
 */
export function chooseSession<Session extends Candidate>(
  sessions: Iterable<Session>,
  { connector, address, isWanted, accepts, random }: Choice<Session>,
): Session | undefined {
  let best: Session | undefined;
  let ties = 0;
  for (const session of sessions) {
    const order = best === undefined ? -1 : compare(session, best);
    if (order > 0) continue;
    if (!session.acceptsOpens || !session.offers(connector, address) || !isWanted(session.identity.agentId))
      continue;
    if (accepts?.(session) === false) continue;
    ties = order === 0 ? ties + 1 : 1;
    // Reservoir sampling: each tied session has the same chance, without counting them first.
    if (ties === 1 || random() * ties < 1) best = session;
  }
  return best;
}

type Ranked = Pick<Candidate, 'load' | 'replica'>;

/** Negative when `one` is to be preferred, 0 when neither is. */
const compare = (one: Ranked, other: Ranked) =>
  Number(one.replica !== undefined) - Number(other.replica !== undefined) || one.load - other.load;
