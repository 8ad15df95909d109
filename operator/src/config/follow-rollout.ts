import { setTimeout } from 'node:timers/promises';
import { AgentResource } from '@penstock/api-schema';
import { CommandError, type Io } from '@penstock/terminal';
import type { ApiClient } from '../api/api-client.ts';
import { everyPage } from '../api/pages.ts';

/** The version that agents should run, and which agents. */
export type Rollout = {
  readonly scope: 'pool' | 'agent';
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly timeoutSeconds: number;
};

const POLL_INTERVAL_MS = 1_000;
const MAX_NAMES = 10;

/**
 * Resolves when every connected agent runs the version. Progress is written to standard error. Throws CommandError when the
 * time is over.
 */
export async function followRollout(io: Io, api: ApiClient, rollout: Rollout): Promise<void> {
  const deadline = performance.now() + rollout.timeoutSeconds * 1000;
  let last = '';
  for (;;) {
    const agents = (await agentsOf(api, rollout)).filter(({ state }) => state !== 'disconnected');
    const behind = agents.filter(({ config }) => config?.digest !== rollout.digest);
    const progress = `${agents.length - behind.length} of ${agents.length} connected agents run version ${rollout.version}.`;
    if (progress !== last) io.stderr.write(`${progress}\n`);
    last = progress;
    if (behind.length === 0 && agents.length > 0) return;
    if (performance.now() >= deadline) throw timedOut(rollout, behind, agents.length);
    await setTimeout(Math.min(POLL_INTERVAL_MS, Math.max(1, deadline - performance.now())));
  }
}

async function agentsOf(api: ApiClient, { scope, name }: Rollout): Promise<readonly AgentResource[]> {
  if (scope === 'agent') return [await api.ask(AgentResource, 'GET', `agents/${encodeURIComponent(name)}`)];
  const { items } = await everyPage(api, AgentResource, 'agents');
  return items.filter(({ pool }) => pool === name);
}

function timedOut(
  { scope, name, version }: Rollout,
  behind: readonly AgentResource[],
  total: number,
): CommandError {
  if (total === 0) {
    return new CommandError(`No agent of ${scope} ${name} has connected in time.`, {
      suggestion: 'List the agents: penstock-gateway agent list',
    });
  }
  const named = behind.slice(0, MAX_NAMES).map((agent) => `${agent.name} (${runs(agent)})`);
  const more = behind.length > MAX_NAMES ? `, and ${behind.length - MAX_NAMES} more` : '';
  return new CommandError(`Not every agent runs version ${version} in time: ${named.join(', ')}${more}.`, {
    suggestion: `Deploy the file to them, then compare: penstock-gateway agent diff ${behind[0]?.name}`,
  });
}

const runs = ({ config }: AgentResource) =>
  config === undefined ? 'not known' : `version ${config.version}`;
