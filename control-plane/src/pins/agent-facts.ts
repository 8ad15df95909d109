import type { Clock } from '@penstock/runtime';
import type { AgentFacts } from '@penstock/wire';
import { type PinnedConfigSource, pinnedConfig } from './pinned-config.ts';

/** The identity of an agent, from its certificate. */
type Identity = { readonly agentId: string; readonly name: string; readonly pool: string };

/** Answers an agent that requests, outside of its sessions, what the gateway knows of it. Throws StoreError. */
export async function agentFacts(
  { agentId, name, pool }: Identity,
  source: PinnedConfigSource,
  clock: Pick<Clock, 'wall'>,
): Promise<AgentFacts> {
  const pinned = await pinnedConfig(source, { id: agentId, pool });
  return { agentId, name, pool, clock: clock.wall(), ...(pinned && { pinned }) };
}
