import { type AgentState, agentStates } from '@penstock/api-schema';
import type { GatewayConfig } from '@penstock/config-schema';
import type { PinningMode } from '../pins/drift.ts';
import type { AgentView } from './agent-view.ts';

/** A pool of gateway.yaml, and how it stands. */
export type PoolView = {
  readonly name: string;
  readonly pinning: PinningMode;
  /** Agents that must be ready. */
  readonly minReady: number;
  /** Agents that take opens. */
  readonly ready: number;
  /** All agents that enrolled for this pool, by state. */
  readonly agents: Readonly<Record<AgentState, number>>;
  readonly sessions: number;
  readonly streams: { readonly open: number; readonly opening: number };
  readonly queue: { readonly waiting: number; readonly limit: number };
};

const TAKES_OPENS: ReadonlySet<AgentState> = new Set(['degraded', 'connected', 'stale']);

/** How each pool of the file stands; `waiting` is the depth of a pool's queue. */
export function poolViews(
  pools: GatewayConfig['pools'],
  agents: readonly AgentView[],
  waiting: (pool: string) => number,
): readonly PoolView[] {
  return pools.map(({ name, pinning, minReady, queue }) => {
    const own = agents.filter(({ pool }) => pool === name);
    const sum = (count: (agent: AgentView) => number) => own.reduce((total, each) => total + count(each), 0);
    return {
      name,
      pinning,
      minReady,
      ready: own.filter(({ state, sessions }) => sessions.got > 0 && TAKES_OPENS.has(state)).length,
      agents: countStates(own),
      sessions: sum(({ sessions }) => sessions.got),
      streams: {
        open: sum(({ streams }) => streams.open),
        opening: sum(({ streams }) => streams.opening),
      },
      queue: { waiting: waiting(name), limit: queue.limit },
    };
  });
}

export function countStates(agents: readonly AgentView[]): Readonly<Record<AgentState, number>> {
  const counts = Object.fromEntries(agentStates.map((state) => [state, 0])) as Record<AgentState, number>;
  for (const { state } of agents) counts[state] += 1;
  return counts;
}
