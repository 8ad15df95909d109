import { createHash } from 'node:crypto';

/** Sorts agents by a hash of `seed` and their id: the same seed gives the same order, and another seed another one. */
export function inRolloutOrder<Agent extends { readonly id: string }>(
  seed: string,
  agents: readonly Agent[],
): readonly Agent[] {
  const keyed = agents.map((agent) => ({
    agent,
    key: createHash('sha256').update(`${seed} ${agent.id}`).digest('hex'),
  }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1));
  return keyed.map(({ agent }) => agent);
}
