import { createHash } from 'node:crypto';

/** Sorts agents by a hash of what is rolled out and the agent: another order for each version, and the same in a preview and after it. */
export function inRolloutOrder<Agent extends { readonly id: string }>(
  what: string,
  agents: readonly Agent[],
): readonly Agent[] {
  const keyed = agents.map((agent) => ({
    agent,
    key: createHash('sha256').update(`${what} ${agent.id}`).digest('hex'),
  }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1));
  return keyed.map(({ agent }) => agent);
}
