import type { Clock } from '@penstock/runtime';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import { isSessionFailure } from './attempt-budget.ts';
import type { DialRecord, DialTry } from './dial-history.ts';
import type { Route } from './route-table.ts';
import type { RoutableSession } from './session-contract.ts';
import {
  type SelectableSession,
  type Selection,
  type SkippedAgent,
  skippedAgents,
} from './skipped-agents.ts';

const NO_AGENTS: ReadonlySet<string> = new Set();
const NO_SESSIONS: ReadonlySet<RoutableSession> = new Set();

/** What a dial has found out about agents so far. Most dials succeed at once, and need none of the sets. */
export class DialProgress {
  /** Every open, in order. */
  readonly tries: DialTry[] = [];
  /** Milliseconds spent in the queue. */
  waited = 0;
  readonly onlyAgent: string | undefined;
  #tried = NO_AGENTS;
  #lost = NO_AGENTS;
  #unanswered = NO_SESSIONS;

  constructor(onlyAgent: string | undefined) {
    this.onlyAgent = onlyAgent;
  }

  /** Agents that have been tried. */
  get tried(): ReadonlySet<string> {
    return this.#tried;
  }

  /** Agents that lost or retired a session during this dial. Another session of theirs is tried last. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  /** Sessions on which an open was not answered in time, although the agent answers before that if it can. */
  get unanswered(): ReadonlySet<RoutableSession> {
    return this.#unanswered;
  }

  failed(session: RoutableSession, code: CloseCode): void {
    const { agentId } = session.identity;
    if (code === 'AGENT_TIMEOUT') this.#unanswered = new Set(this.#unanswered).add(session);
    else if (isSessionFailure(code)) this.#lost = new Set(this.#lost).add(agentId);
    else this.#tried = new Set(this.#tried).add(agentId);
  }

  /** Every agent may be tried again, after a wait. Those that lost a session still come last. */
  startAnew(): void {
    this.#tried = NO_AGENTS;
    this.#unanswered = NO_SESSIONS;
  }
}

export const agentsOf = (sessions: ReadonlySet<RoutableSession>): ReadonlySet<string> =>
  sessions.size === 0 ? NO_AGENTS : new Set([...sessions].map(({ identity }) => identity.agentId));

const NOBODY: readonly SkippedAgent[] = [];

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
  progress: DialProgress,
  { route, client, entry, address, failure, milliseconds }: FinishedDial,
  { clock, sessionsOf, ejection, checkFails }: RecordPorts,
): DialRecord {
  const { tries, waited } = progress;
  const selected = failure === undefined ? tries.at(-1) : undefined;
  // When the first choice succeeds there is nothing to explain, and the agents are not walked again.
  const isSmooth = selected !== undefined && tries.length === 1 && selected.pool === route.pools[0];
  const skipped = () => {
    const { tried, lost, unanswered, onlyAgent } = progress;
    const selection = {
      ejection,
      checkFails,
      address,
      tried: tried.union(agentsOf(unanswered)),
      lost,
      onlyAgent,
    };
    return skippedAgents(route, sessionsOf, selection, selected);
  };
  return {
    connection: route.name,
    client,
    entry,
    at: clock.wall() - milliseconds,
    milliseconds,
    waited,
    failure: failure === undefined ? undefined : failureOf(failure),
    tries,
    skipped: isSmooth ? NOBODY : skipped(),
  };
}

export function failureOf(error: unknown): { readonly code: CloseCode; readonly detail: string } {
  return error instanceof TunnelError
    ? { code: error.code, detail: error.message }
    : { code: 'INTERNAL', detail: errorText(error) };
}
