import type { SkipReason } from '@penstock/wire';
import type { WhyClosed } from '../tunnel/session.ts';
import type { Candidate } from './choose-session.ts';
import type { Ejection } from './ejection.ts';
import type { Route } from './route-table.ts';

export type PassedOver = {
  readonly pool: string;
  /** Undefined where the reason is that the pool has none. */
  readonly agent: string | undefined;
  readonly why: SkipReason;
};

/** What this needs of a session. */
export type WeighedSession = Candidate & {
  readonly identity: { readonly agentId: string; readonly name: string };
  readonly whyClosed: WhyClosed | undefined;
};

export type Weighing = {
  readonly sessionsOf: (pool: string) => Iterable<WeighedSession>;
  readonly ejection: Pick<Ejection, 'isEjected'>;
  /** Whether the agent's own check of a connector failed the last time. */
  readonly checkFails: (connector: string, agentId: string) => boolean;
  /** One of the connector's further addresses that the client asked for. */
  readonly address?: string | undefined;
  /** Agents that had their try in the dial that is told of, and those that lost a session in it. */
  readonly tried?: ReadonlySet<string>;
  readonly lost?: ReadonlySet<string>;
  readonly onlyAgent?: string | undefined;
  /** Whom the open went through in the end. */
  readonly taken?: { readonly pool: string; readonly agent: string } | undefined;
};

/** A pool may have a thousand agents: whoever reads this wants the reasons, and not a list of them all. */
const MAX_TOLD = 100;

/** Why each agent of a route's pools is not asked; an agent that nothing speaks against is not listed. */
export function passedOver(route: Route, weighing: Weighing): PassedOver[] {
  const { taken } = weighing;
  const told: PassedOver[] = [];
  let isLater = false;
  for (const pool of route.pools) {
    const agents = byAgent(weighing.sessionsOf(pool));
    if (agents.size === 0) told.push({ pool, agent: undefined, why: 'no-agent' });
    for (const [agent, sessions] of agents) {
      if (told.length >= MAX_TOLD) return told;
      if (taken?.pool === pool && taken.agent === agent) continue;
      const why =
        whyNot(route.connector, sessions, weighing) ??
        (isLater ? 'later-pool' : taken?.pool === pool ? 'busier' : undefined);
      if (why !== undefined) told.push({ pool, agent, why });
    }
    isLater ||= taken?.pool === pool;
  }
  return told;
}

/** What speaks against an agent with these sessions; undefined when it may be asked. */
export function whyNot(
  connector: string,
  sessions: readonly WeighedSession[],
  { ejection, checkFails, address, tried, lost, onlyAgent }: Omit<Weighing, 'sessionsOf' | 'taken'>,
): SkipReason | undefined {
  const agentId = sessions[0]?.identity.agentId ?? '';
  if (onlyAgent !== undefined && agentId !== onlyAgent) return 'other-agent';
  const closed = sessions.map(({ whyClosed }) => whyClosed);
  if (closed.every((why) => why !== undefined)) return closed[0];
  const open = sessions.filter(({ whyClosed }) => whyClosed === undefined);
  if (!open.some((each) => each.offers(connector))) return 'no-connector';
  if (!open.some((each) => each.offers(connector, address))) return 'no-address';
  if (tried?.has(agentId)) return 'tried';
  if (lost?.has(agentId)) return 'session-lost';
  if (ejection.isEjected(connector, agentId)) return 'ejected';
  return checkFails(connector, agentId) ? 'check-failing' : undefined;
}

function byAgent(sessions: Iterable<WeighedSession>): Map<string, WeighedSession[]> {
  const agents = new Map<string, WeighedSession[]>();
  for (const session of sessions) {
    const { name } = session.identity;
    const list = agents.get(name);
    if (list === undefined) agents.set(name, [session]);
    else list.push(session);
  }
  return agents;
}
