import type { SkipReason } from '@penstock/wire';
import type { Ejection } from './ejection.ts';
import type { Route } from './route-table.ts';
import type { RoutableSession } from './session-contract.ts';

export type SkippedAgent = {
  readonly pool: string;
  /** Undefined when the pool has no agent with a session. */
  readonly agent: string | undefined;
  readonly reason: SkipReason;
};

/** The part of a session that decides whether its agent is skipped. */
export type SelectableSession = Pick<
  RoutableSession,
  'identity' | 'acceptsOpens' | 'unavailableReason' | 'load' | 'offers'
>;

/** What decides whether an agent is selected. */
export type Selection = {
  readonly ejection: Pick<Ejection, 'isEjected'>;
  /** Whether the agent's own check of a connector failed when it last ran. */
  readonly checkFails: (connector: string, agentId: string) => boolean;
  /** The address of the connector that the client requested; any when undefined. */
  readonly address?: string | undefined;
  /** Agents tried in this dial, and agents that lost a session in it. */
  readonly tried?: ReadonlySet<string>;
  readonly lost?: ReadonlySet<string>;
  /** Id of the only agent that may be selected. */
  readonly onlyAgent?: string | undefined;
};

/** The agent that was selected in the end. */
export type SelectedAgent = { readonly pool: string; readonly agent: string };

/** A pool may have a thousand agents. Readers need the reasons, not a complete list. */
const MAX_SKIPPED = 100;

/** Why each agent in the pools of a route was not selected. Agents without a reason are omitted. */
export function skippedAgents(
  route: Route,
  sessionsOf: (pool: string) => Iterable<SelectableSession>,
  selection: Selection,
  selected: SelectedAgent | undefined,
): SkippedAgent[] {
  const skipped: SkippedAgent[] = [];
  let isLaterPool = false;
  for (const pool of route.pools) {
    const agents = byAgent(sessionsOf(pool));
    if (agents.size === 0) skipped.push({ pool, agent: undefined, reason: 'no-agent' });
    for (const [agent, sessions] of agents) {
      if (skipped.length >= MAX_SKIPPED) return skipped;
      if (selected?.pool === pool && selected.agent === agent) continue;
      const reason =
        skipReasonOf(route.connector, sessions, selection) ??
        (isLaterPool ? 'later-pool' : selected?.pool === pool ? 'busier' : undefined);
      if (reason !== undefined) skipped.push({ pool, agent, reason });
    }
    isLaterPool ||= selected?.pool === pool;
  }
  return skipped;
}

/** Why the agent of these sessions is not selected, or not before others; undefined when it can be. */
export function skipReasonOf(
  connector: string,
  sessions: readonly SelectableSession[],
  { ejection, checkFails, address, tried, lost, onlyAgent }: Selection,
): SkipReason | undefined {
  const agentId = sessions[0]?.identity.agentId ?? '';
  if (onlyAgent !== undefined && agentId !== onlyAgent) return 'other-agent';
  const available = sessions.filter(({ unavailableReason }) => unavailableReason === undefined);
  if (available.length === 0) return sessions[0]?.unavailableReason;
  if (!available.some((session) => session.offers(connector))) return 'no-connector';
  if (!available.some((session) => session.offers(connector, address))) return 'no-address';
  if (tried?.has(agentId)) return 'tried';
  if (lost?.has(agentId)) return 'session-lost';
  if (ejection.isEjected(connector, agentId)) return 'ejected';
  return checkFails(connector, agentId) ? 'check-failing' : undefined;
}

function byAgent(sessions: Iterable<SelectableSession>): Map<string, SelectableSession[]> {
  const agents = new Map<string, SelectableSession[]>();
  for (const session of sessions) {
    const { name } = session.identity;
    const list = agents.get(name);
    if (list === undefined) agents.set(name, [session]);
    else list.push(session);
  }
  return agents;
}
