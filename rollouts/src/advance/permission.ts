import type { RolloutAgent } from '../rollout.ts';
import type { AgentFacts } from './world.ts';

/** Milliseconds in which an agent that may switch has to begin. A schedule may end it earlier. */
export const SWITCH_START_MS = 2 * 60_000;

/** When the permission of an agent that is `switching` ends. */
export const permissionEnd = ({ since }: Pick<RolloutAgent, 'since'>): number => since + SWITCH_START_MS;

/**
 * Whether an agent that was permitted to switch did not begin in time, and waits. What one that is away reported last says
 * nothing: it may be in the middle of the switch.
 */
export function hasMissedPermission(
  agent: Pick<RolloutAgent, 'since'>,
  { isConnected, progress }: Pick<AgentFacts, 'isConnected' | 'progress'>,
  now: number,
): boolean {
  const isWaiting = progress?.state === 'staged' || progress?.state === 'waiting';
  return isConnected && isWaiting && now >= permissionEnd(agent);
}
