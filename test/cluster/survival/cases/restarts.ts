import { performance } from 'node:perf_hooks';
import { eventually } from '../../../rig/eventually.ts';
import type { Case, Stage } from '../case.ts';
import { DRAIN_MS } from '../files.ts';
import { type ReplicaName, START_TIMEOUT_MS } from '../site.ts';

/** Slack of a drain for the exit of the process. */
const EXIT_MS = 20_000;
const FIRST_SUCCESS_MS = 1_000;
const AGENTS_BACK_MS = 5_000;

/** Waits until a replica lists all sessions of all agents, none of them at `gone`. Returns the milliseconds that took. */
export async function agentsBack({ site }: Stage, at: ReplicaName, gone?: ReplicaName): Promise<number> {
  const sessions = 2 * Object.keys(site.shape.agents).length;
  const began = performance.now();
  await eventually(
    `${at} to list all sessions`,
    async () => {
      const { items } = await site.api(at, 'GET /sessions?limit=500');
      const ready = items.filter(({ state, replica = at }) => state === 'ready' && replica !== gone);
      return new Set(ready.map(({ agent, slot }) => `${String(agent)} ${String(slot)}`)).size >= sessions;
    },
    { within: START_TIMEOUT_MS },
  );
  return Math.round(performance.now() - began);
}

export const rollingRestart: Case = {
  name: 'all replicas restart one by one',
  async run(stage) {
    const { site, changes, progress } = stage;
    const cutFrom = new Map<ReplicaName, number>();
    const { replicas } = site.shape;
    for (const name of replicas) {
      progress(`SIGTERM to ${name}`);
      // Open connections have this long, whatever happens to their agents.
      cutFrom.set(name, performance.now() + DRAIN_MS.settle + DRAIN_MS.timeout - 500);
      await site.replica(name).stop('SIGTERM', DRAIN_MS.settle + DRAIN_MS.timeout + EXIT_MS);
      await changes.make(replicas.filter((each) => each !== name));
      await site.startReplica(name);
      await agentsBack(stage, name);
    }
    return { cutFrom };
  },
};

export const killed: Case = {
  name: 'a replica is killed',
  isTimed: true,
  async run(stage) {
    const { site, changes, check } = stage;
    const from = performance.now();
    const cutFrom = new Map([['r2', from] as const]);
    const { accepted } = await site.killReplica('r2');
    const [firstSuccessMs, agentsBackMs] = await Promise.all([accepted, agentsBack(stage, 'r1', 'r2')]);
    check(
      firstSuccessMs <= FIRST_SUCCESS_MS,
      `The first new connection succeeded after ${firstSuccessMs} ms.`,
    );
    check(agentsBackMs <= AGENTS_BACK_MS, `The agents were back after ${agentsBackMs} ms.`);
    await changes.make(site.shape.replicas.filter((each) => each !== 'r2'));
    await site.startReplica('r2');
    await agentsBack(stage, 'r2');
    return {
      cutFrom,
      failing: { from, until: from + FIRST_SUCCESS_MS },
      facts: { firstSuccessMs, agentsBackMs },
    };
  },
};
