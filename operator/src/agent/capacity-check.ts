import { AgentResource, PoolResource } from '@penstock/api-schema';
import { CommandError, confirm, type Io } from '@penstock/terminal';
import type { ApiClient } from '../api/api-client.ts';

/** States in which an agent accepts opens. */
const accepting: ReadonlySet<string> = new Set(['connected', 'degraded']);

/** Asks for confirmation if taking this agent out of service leaves its pool with too few agents. Throws CommandError. */
export async function confirmCapacity(
  io: Io,
  api: ApiClient,
  name: string,
  verb: string,
  yes: boolean,
): Promise<void> {
  const consequence = await shortage(api, name);
  if (consequence !== undefined) await confirm(io, { consequence, question: `${verb} ${name}?`, yes });
}

/** Undefined if enough agents are left, or if that cannot be known: then the action itself has to say what is wrong. */
async function shortage(api: ApiClient, name: string): Promise<string | undefined> {
  try {
    const agent = await api.ask(AgentResource, 'GET', `agents/${encodeURIComponent(name)}`);
    if (!accepting.has(agent.state)) return undefined;
    const path = `pools/${encodeURIComponent(agent.pool)}`;
    const { ready, minReady } = await api.ask(PoolResource, 'GET', path);
    const left = ready - 1;
    if (left >= Math.max(1, minReady)) return undefined;
    if (left <= 0)
      return `${name} is the only ready agent of pool ${agent.pool}: its connections would fail.`;
    return `Pool ${agent.pool} would have ${left} ready agents, and needs ${minReady} (minReady).`;
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
