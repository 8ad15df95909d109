import type { Rollout, RolloutAgent } from '@penstock/rollouts';
import type { PinRow } from '@penstock/store';
import type { RolloutFleet } from './rollout-world.ts';

export type PinChanges = {
  readonly put: readonly PinRow[];
  readonly remove: readonly Pick<PinRow, 'scope' | 'subject'>[];
};

const NO_CHANGES: PinChanges = { put: [], remove: [] };

/** States in which an agent has the pin of the rollout. */
const PINNED: ReadonlySet<RolloutAgent['state']> = new Set(['probation', 'updated']);

export const actorOf = (rollout: string): string => `rollout:${rollout}`;

/**
 * The pins that differ from what a rollout of a configuration wants: an agent that runs the target is pinned to it, and the
 * pool once all do. An agent that fails loses its pin, so that an enforced pin of its pool quarantines it; that waits while
 * the pool could not spare it.
 */
export function pinChanges(
  { id, target, pools, stage }: Rollout,
  agents: readonly RolloutAgent[],
  fleet: RolloutFleet,
  now: number,
): PinChanges {
  if (target.kind !== 'config' || stage.state === 'draft' || stage.state === 'cancelled') return NO_CHANGES;
  const by = actorOf(id);
  const [pool = ''] = pools;
  const own = new Map(
    fleet.pins.all
      .filter(({ scope, pinnedBy }) => scope === 'agent' && pinnedBy === by)
      .map((pin) => [pin.subject, pin]),
  );
  const stamp = { version: target.version, digest: target.digest, pinnedAt: now, pinnedBy: by };
  const unpin = (subject: string) => ({ scope: 'agent' as const, subject });
  if (stage.state === 'done') {
    const ofPool: PinRow = { scope: 'pool', subject: pool, ...stamp };
    const current = fleet.pins.all.find((pin) => pin.scope === 'pool' && pin.subject === pool);
    const isPinned = current?.version === target.version && current.digest === target.digest;
    return { put: isPinned ? [] : [ofPool], remove: [...own.keys()].map(unpin) };
  }
  const put = agents
    .filter((agent) => PINNED.has(agent.state) && !own.has(agent.id))
    .map((agent): PinRow => ({ scope: 'agent', subject: agent.id, ...stamp }));
  const canSpare = sparing(fleet, pool);
  const remove = agents
    .filter((agent) => own.has(agent.id) && !PINNED.has(agent.state) && canSpare(agent.id, target))
    .map((agent) => unpin(agent.id));
  return { put, remove };
}

/** Whether the pool stays at `minReady` although an agent is quarantined; each one that is spared counts. */
function sparing(fleet: RolloutFleet, pool: string) {
  const summary = fleet.pools().find(({ name }) => name === pool);
  let spare = (summary?.ready ?? 0) - (summary?.minReady ?? 0);
  return (agentId: string, target: { readonly version: number; readonly digest: string }): boolean => {
    const view = fleet.agentById(agentId);
    const runsIt = view?.config?.version === target.version && view.config.digest === target.digest;
    const isUseful = view?.state === 'connected' || view?.state === 'degraded';
    if (summary?.pinning !== 'enforce' || !runsIt || !isUseful) return true;
    spare -= 1;
    return spare >= 0;
  };
}
