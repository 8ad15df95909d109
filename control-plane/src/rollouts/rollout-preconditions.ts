import { isBeingTried, type RolloutAgent } from '@penstock/rollouts';
import { RolloutProblem } from './rollout-problem.ts';
import type { StoredRollout } from './rollout-rows.ts';

/** Agents that a message names. */
const MAX_NAMES = 3;

/** Throws RolloutProblem while an attempt goes on: what comes of it would count as a failure of the retry. */
export function requireSettled(id: string, agents: readonly RolloutAgent[]): void {
  const tried = agents.filter(isBeingTried);
  if (tried.length === 0) return;
  const names = tried.slice(0, MAX_NAMES).map(({ name, state }) => `${name} (${state})`);
  const others = tried.length > MAX_NAMES ? ` and ${tried.length - MAX_NAMES} more` : '';
  throw new RolloutProblem(
    'ROLLOUT_STATE',
    `The last attempt goes on at ${names.join(', ')}${others}. Retry when penstock-gateway rollout show ${id} lists no agent as switching or probation.`,
  );
}

/** Throws RolloutProblem if one of the pools has a rollout in progress: two at the same time could not be judged. */
export function requireFree({ pools }: StoredRollout, inProgress: readonly StoredRollout[]): void {
  const other = inProgress.find((each) => each.pools.some((pool) => pools.includes(pool)));
  if (other === undefined) return;
  const pool = other.pools.find((name) => pools.includes(name));
  throw new RolloutProblem(
    'ROLLOUT_CONFLICT',
    `Pool ${pool} has the rollout ${other.id} in progress (${other.stage.state}). Wait for it, or cancel it.`,
  );
}
