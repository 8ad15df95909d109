import type { Clock } from '@penstock/runtime';
import type { AgentFacts } from '@penstock/wire';
import { type PinnedConfigSource, pinnedConfig } from './pinned-config.ts';

/** The identity of the agent that asks, from its certificate. */
type Asker = { readonly agentId: string; readonly name: string; readonly pool: string };

/** What an agent is told of itself, when it asks beside its sessions. Throws StoreError. */
export async function agentFacts(
  { agentId, name, pool }: Asker,
  source: PinnedConfigSource,
  clock: Pick<Clock, 'wall'>,
): Promise<AgentFacts> {
  const pinned = await pinnedConfig(source, { id: agentId, pool });
  return { agentId, name, pool, clock: clock.wall(), ...(pinned && { pinned }) };
}
