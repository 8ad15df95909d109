import type { Clock } from '@penstock/runtime';
import { type Choice, chooseSession } from './choose-session.ts';
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

/** What is known to be wrong with an agent, the least first. */
const faults = { none: 0, checkFails: 1, ejected: 2, lostSession: 3, excluded: 4 } as const;

/**
 * Selects a session in this order of preference: an agent without known faults, one whose own check of the connector
 * fails, one that is ejected, one that lost a session during this dial or did not answer on one. A check may differ from
 * what clients experience, so it affects the order only. Suspected sessions come last.
 */
export function selectSession(
  route: Route,
  address: string | undefined,
  { onlyAgent, tried, lost, unanswered }: Pick<DialProgress, 'onlyAgent' | 'tried' | 'lost' | 'unanswered'>,
  { sessionsOf, ejection, checkFails, clock }: SelectionPorts,
  asked?: ReadonlySet<RoutableSession>,
): RoutableSession | undefined {
  const { connector } = route;
  const late = agentsOf(unanswered);
  const faultOf = (agentId: string) => {
    if (tried.has(agentId) || (onlyAgent !== undefined && agentId !== onlyAgent)) return faults.excluded;
    if (lost.has(agentId) || late.has(agentId)) return faults.lostSession;
    if (ejection.isEjected(connector, agentId)) return faults.ejected;
    return checkFails(connector, agentId) ? faults.checkFails : faults.none;
  };
  let worst: number = faults.none;
  let mayBeSuspect = false;
  const choice: Choice<RoutableSession> = {
    connector,
    address,
    isWanted: (agentId) => faultOf(agentId) <= worst,
    accepts: (session) =>
      !(session.isSuspect && !mayBeSuspect) && !unanswered.has(session) && asked?.has(session) !== true,
    random: clock.random,
  };
  for (mayBeSuspect of asked === undefined ? [false, true] : [false]) {
    for (worst = faults.none; worst < faults.excluded; worst += 1) {
      for (const pool of route.pools) {
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
  const { onlyAgent, tried, lost, unanswered } = progress;
  const others = { onlyAgent, tried: tried.union(agentsOf(asked)), lost, unanswered };
  return (
    selectSession(route, address, others, ports, asked) ??
    selectSession(route, address, progress, ports, asked)
  );
}
