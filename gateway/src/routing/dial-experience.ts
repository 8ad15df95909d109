import type { Clock } from '@penstock/runtime';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import type { DialRecord, DialTry } from './dial-history.ts';
import { passedOver, type Weighing } from './passed-over.ts';
import type { Route } from './route-table.ts';

/** What a dial has learned of agents so far. */
export type DialExperience = {
  readonly onlyAgent: string | undefined;
  /** Agents that had their try. */
  readonly tried: Set<string>;
  /** Agents of which a session was lost or leaves: another of theirs may do, if no other agent can. */
  readonly lost: Set<string>;
  /** Every open, in the order they were asked. */
  readonly tries: DialTry[];
  /** Milliseconds in the queue. */
  waited: number;
};

type Ended = {
  readonly route: Route;
  readonly client: string;
  /** One of the connector's further addresses that the client asked for. */
  readonly address: string | undefined;
  /** What the dial threw, if it did. */
  readonly failure: unknown;
  readonly milliseconds: number;
};

/** What is kept of a dial that has ended. */
export function recordOf(
  { tries, waited, tried, lost, onlyAgent }: DialExperience,
  { route, client, address, failure, milliseconds }: Ended,
  {
    clock,
    ...weighing
  }: Pick<Weighing, 'sessionsOf' | 'ejection' | 'checkFails'> & { readonly clock: Clock },
): DialRecord {
  const taken = failure === undefined ? tries.at(-1) : undefined;
  // Where the first choice did, nothing needs explaining, and the agents are not gone through once more.
  const isSmooth = taken !== undefined && tries.length === 1 && taken.pool === route.pools[0];
  return {
    connection: route.name,
    client,
    at: clock.wall() - milliseconds,
    milliseconds,
    waited,
    failure: failure === undefined ? undefined : failureOf(failure),
    tries,
    passedOver: isSmooth ? [] : passedOver(route, { ...weighing, address, tried, lost, onlyAgent, taken }),
  };
}

export function failureOf(error: unknown): { readonly code: CloseCode; readonly detail: string } {
  return error instanceof TunnelError
    ? { code: error.code, detail: error.message }
    : { code: 'INTERNAL', detail: errorText(error) };
}
