import type { AgentFacts, Clock } from '@penstock/wire';

/** The identity of the agent that asks, from its certificate. */
type Asker = { readonly agentId: string; readonly name: string; readonly pool: string };

/** What an agent is told of itself, when it asks beside its sessions. */
export async function agentFacts(
  { agentId, name, pool }: Asker,
  clock: Pick<Clock, 'wall'>,
): Promise<AgentFacts> {
  return { agentId, name, pool, clock: clock.wall() };
}
