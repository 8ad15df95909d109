import type { RolloutAgent } from '@penstock/rollouts';
import type { UpgradeMessage } from '@penstock/wire';
import type { StoredRollout } from './rollout-rows.ts';
import type { RolloutFleet } from './rollout-world.ts';

/** Milliseconds after which an agent that must wait asks again. A repeated offer has it ask at once. */
export const ASK_AFTER_MS = 60_000;
/** The same while other agents of its pool switch. */
export const ASK_SOON_MS = 5_000;

/** States of an upgrade that an agent reports when it has taken an offer. */
const TAKEN: ReadonlySet<string> = new Set([
  'staging',
  'staged',
  'waiting',
  'switching',
  'probation',
  'committed',
]);

/** States in which an upgrade can be withdrawn. */
const CANCELLABLE: ReadonlySet<string> = new Set(['staging', 'staged', 'waiting']);

/**
 * The message that an agent needs to be where the rollout wants it; undefined if it knows already. Derived from what is
 * stored and from what the agent reports, so that a lost message or a restart of either end changes nothing.
 */
export function upgradeMessageFor(
  agent: RolloutAgent,
  { id, target, stage }: StoredRollout,
  fleet: Pick<RolloutFleet, 'agentById'>,
  isRetry: boolean,
): UpgradeMessage | undefined {
  const view = fleet.agentById(agent.id);
  if (target.kind !== 'software' || view?.upgrade?.upgrader !== 'host') return undefined;
  const { rollout, state, to } = view.upgrade;
  const isOurs = rollout === id;
  const isPending = isOurs && CANCELLABLE.has(state);
  if (agent.state === 'offered' || agent.state === 'staged') {
    if (stage.state === 'cancelled') {
      return isPending
        ? { type: 'upgrade-cancel', rollout: id, reason: 'The rollout was cancelled.' }
        : undefined;
    }
    if (isOurs && to === target.version && TAKEN.has(state)) return undefined;
    return { type: 'upgrade', rollout: id, to: target.version, ...(isRetry && { retry: true }) };
  }
  if (agent.state !== 'rolling-back' || agent.before === undefined) return undefined;
  if (view.softwareVersion !== target.version) {
    return isPending ? { type: 'upgrade-cancel', rollout: id, reason: 'The rollout goes back.' } : undefined;
  }
  if (isOurs && to === agent.before && TAKEN.has(state)) return undefined;
  return { type: 'upgrade', rollout: id, to: agent.before, back: true };
}
