import type { Clock } from '@penstock/runtime';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import type { DialRecord, DialTry } from './dial-history.ts';
import type { Route } from './route-table.ts';
import type { RoutableSession } from './session-contract.ts';
import { type SelectableSession, type Selection, skippedAgents } from './skipped-agents.ts';

/** What a dial has found out about agents so far. */
export type DialProgress = {
  readonly onlyAgent: string | undefined;
  /** Agents that have been tried. */
  readonly tried: Set<string>;
  /** Agents that lost or retired a session during this dial. Another session of theirs is tried last. */
  readonly lost: Set<string>;
  /** Sessions on which an open was not answered in time, although the agent answers before that if it can. */
  readonly unanswered: Set<RoutableSession>;
  /** Every open, in order. */
  readonly tries: DialTry[];
  /** Milliseconds spent in the queue. */
  waited: number;
};

export const agentsOf = (sessions: ReadonlySet<RoutableSession>): ReadonlySet<string> =>
  new Set([...sessions].map(({ identity }) => identity.agentId));

type FinishedDial = {
  readonly route: Route;
  readonly client: string;
  readonly entry: DialRecord['entry'];
  /** The address of the connector that the client requested. */
  readonly address: string | undefined;
  /** What the dial threw, if it failed. */
  readonly failure: unknown;
  readonly milliseconds: number;
};

type RecordPorts = Pick<Selection, 'ejection' | 'checkFails'> & {
  readonly sessionsOf: (pool: string) => Iterable<SelectableSession>;
  readonly clock: Clock;
};

/** The record of a finished dial. */
export function recordOf(
  { tries, waited, tried, lost, unanswered, onlyAgent }: DialProgress,
  { route, client, entry, address, failure, milliseconds }: FinishedDial,
  { clock, sessionsOf, ejection, checkFails }: RecordPorts,
): DialRecord {
  const selected = failure === undefined ? tries.at(-1) : undefined;
  // When the first choice succeeds there is nothing to explain, and the agents are not walked again.
  const isSmooth = selected !== undefined && tries.length === 1 && selected.pool === route.pools[0];
  const selection = {
    ejection,
    checkFails,
    address,
    tried: tried.union(agentsOf(unanswered)),
    lost,
    onlyAgent,
  };
  return {
    connection: route.name,
    client,
    ...(entry !== undefined && { entry }),
    at: clock.wall() - milliseconds,
    milliseconds,
    waited,
    failure: failure === undefined ? undefined : failureOf(failure),
    tries,
    skipped: isSmooth ? [] : skippedAgents(route, sessionsOf, selection, selected),
  };
}

export function failureOf(error: unknown): { readonly code: CloseCode; readonly detail: string } {
  return error instanceof TunnelError
    ? { code: error.code, detail: error.message }
    : { code: 'INTERNAL', detail: errorText(error) };
}
