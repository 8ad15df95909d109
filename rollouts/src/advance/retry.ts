import type { ActiveStage, Rollout, RolloutAgent } from '../rollout.ts';
import { type Advanced, CANARY_GROUP, withStage } from './advance.ts';
import { entered } from './advance-agent.ts';

/** Whether a retry takes an agent: it has failed, or its host has prevented the attempt. */
export const isRetriable = ({ state, skipped }: Pick<RolloutAgent, 'state' | 'skipped'>): boolean =>
  state === 'failed' || (state === 'skipped' && skipped === 'host');

/** Whether an attempt goes on although the rollout has halted. It would count as one of the retry. */
export const isBeingTried = ({ state }: Pick<RolloutAgent, 'state'>): boolean =>
  state === 'switching' || state === 'probation';

/**
 * Continues a halted rollout: agents that failed, or whose hosts prevented the change, are tried again. The caller first waits
 * until none `isBeingTried`. Returns undefined if it is not halted.
 */
export function retry(rollout: Rollout, agents: readonly RolloutAgent[], now: number): Advanced | undefined {
  const { stage } = rollout;
  if (stage.state !== 'halted') return undefined;
  const again = agents.map((agent) => (isRetriable(agent) ? entered(agent, 'pending', now) : agent));
  const groups = again.filter(({ state }) => state === 'pending').map(({ group }) => group);
  const first = Math.min(...groups, stage.from.state === 'group' ? stage.from.group : CANARY_GROUP);
  const from: ActiveStage =
    first === CANARY_GROUP
      ? { state: 'canary', phase: 'active' }
      : { state: 'group', group: first, phase: 'active' };
  return { rollout: withStage(rollout, from), agents: again };
}
