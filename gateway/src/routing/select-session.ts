import type { Clock } from '@penstock/runtime';
import { chooseSession } from './choose-session.ts';
import { agentsOf, type DialProgress } from './dial-progress.ts';
import type { Ejection } from './ejection.ts';
import type { Route } from './route-table.ts';
import type { RoutableSession } from './session-contract.ts';

export type SelectionPorts = {
  readonly sessionsOf: (pool: string) => Iterable<RoutableSession>;
  readonly ejection: Ejection;
  /** Whether the agent's own check of a connector failed when it last ran. Called for each open; it must not wait. */
  readonly checkFails: (connector: string, agentId: string) => boolean;
  readonly clock: Clock;
};

/**
 * Selects a session in this order of preference: an agent without known faults, one whose own check of the connector
 * fails, one that is ejected, one that lost a session during this dial or did not answer on one. A check may differ from
 * what clients experience, so it affects the order only. Suspected sessions come last.
 */
export function selectSession(
  route: Route,
  address: string | undefined,
  { onlyAgent, tried, lost, unanswered }: DialProgress,
  { sessionsOf, ejection, checkFails, clock }: SelectionPorts,
  asked?: ReadonlySet<RoutableSession>,
): RoutableSession | undefined {
  const { connector } = route;
  const late = agentsOf(unanswered);
  const isUntried = (agentId: string) =>
    !tried.has(agentId) && (onlyAgent === undefined || agentId === onlyAgent);
  const isSteady = (agentId: string) => isUntried(agentId) && !lost.has(agentId) && !late.has(agentId);
  const isNotEjected = (agentId: string) => isSteady(agentId) && !ejection.isEjected(connector, agentId);
  const isHealthy = (agentId: string) => isNotEjected(agentId) && !checkFails(connector, agentId);
  const isNew = (session: RoutableSession) => !unanswered.has(session) && asked?.has(session) !== true;
  const isResponsive = (session: RoutableSession) => !session.isSuspect && isNew(session);
  for (const accepts of asked === undefined ? [isResponsive, isNew] : [isResponsive]) {
    for (const isWanted of [isHealthy, isNotEjected, isSteady, isUntried]) {
      for (const pool of route.pools) {
        const choice = { connector, address, isWanted, accepts, random: clock.random };
        const session = chooseSession(sessionsOf(pool), choice);
        if (session !== undefined) return session;
      }
    }
  }
  return undefined;
}

/** A session to ask while those that were `asked` are silent: of another agent first, and none that is silent too. */
export function selectOther(
  route: Route,
  address: string | undefined,
  asked: ReadonlySet<RoutableSession>,
  progress: DialProgress,
  ports: SelectionPorts,
): RoutableSession | undefined {
  const agents = [...asked].map(({ identity }) => identity.agentId);
  const others = { ...progress, tried: new Set([...progress.tried, ...agents]) };
  return (
    selectSession(route, address, others, ports, asked) ??
    selectSession(route, address, progress, ports, asked)
  );
}
