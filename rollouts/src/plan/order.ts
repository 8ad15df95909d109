import { createHash } from 'node:crypto';

/** Sorts agents by a hash of the rollout and the agent: another order for each rollout, and the same after a restart. */
export function inRolloutOrder<Agent extends { readonly id: string }>(
  rollout: string,
  agents: readonly Agent[],
): readonly Agent[] {
  const keyed = agents.map((agent) => ({
    agent,
    key: createHash('sha256').update(`${rollout} ${agent.id}`).digest('hex'),
  }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1));
  return keyed.map(({ agent }) => agent);
}
