import type { ApprovableAction, GatewayConfig } from '@penstock/config-schema';
import type { PinningMode } from '../pins/drift.ts';
import type { PoolCounts, StateCounts } from './fleet-counts.ts';

/** A pool of gateway.yaml with the counts that are kept up to date; reading them costs the same for every fleet. */
export type PoolSummary = {
  readonly name: string;
  readonly pinning: PinningMode;
  /** Agents that must be ready. */
  readonly minReady: number;
  /** Agents that accept opens. */
  readonly ready: number;
  /** All agents that have enrolled for this pool, by state. */
  readonly agents: StateCounts;
  readonly sessions: number;
  /** Agents to which a pin applies, and those of them that run it. */
  readonly pinned: number;
  readonly inSync: number;
  /** Actions of operators that require an admin's approval. */
  readonly requireApproval: readonly ApprovableAction[];
  readonly queue: { readonly waiting: number; readonly limit: number };
};

export type StreamCounts = { readonly open: number; readonly opening: number };

/** A pool with the streams of its sessions, which are summed when they are asked for. */
export type PoolView = PoolSummary & { readonly streams: StreamCounts };

/** Every pool of the file; `waiting` returns the depth of a pool's queue. */
export function poolSummaries(
  pools: GatewayConfig['pools'],
  countsOf: (pool: string) => PoolCounts,
  waiting: (pool: string) => number,
): readonly PoolSummary[] {
  return pools.map(({ name, pinning, minReady, queue, requireApproval }) => {
    const { agents, ready, sessions, pinned, inSync } = countsOf(name);
    return {
      name,
      pinning,
      minReady,
      requireApproval,
      ready,
      agents: { ...agents },
      sessions,
      pinned,
      inSync,
      queue: { waiting: waiting(name), limit: queue.limit },
    };
  });
}
