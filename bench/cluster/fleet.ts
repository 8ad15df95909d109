import { readFile, rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { residentBytes } from '../../test/rig/process-measurements.ts';
import { type Ask, asking } from '../process/ask.ts';
import { here, startNode } from '../process/child.ts';
import { eventually, pause } from '../process/deadline.ts';
import { quantile } from '../report/statistics.ts';
import type { BenchReplica, BenchReplicas } from './replicas.ts';
import type { RoamingAgentsHandlers } from './roaming-agents.ts';
import type { LoopDelay } from './watch-loop.ts';

const PROCESSES = 2;
const BATCH = 250;
const BACK_TIMEOUT_MS = 300_000;
const AGENTS = new URL('roaming-agents.ts', import.meta.url);

/**
 * Simulated agents at three replicas: memory and delay of each while they are idle, the time until all are back after one
 * replica is killed, and the time until a revocation is in force elsewhere.
 */
export async function measureFleet(
  { replicas, enrollment }: BenchReplicas,
  agents: number,
  revocations: number,
) {
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => startNode(AGENTS, here)));
  // Agents run on machines of their own: what they cost must not delay the loops that are measured.
  for (const { pid } of children) setPriority(pid, constants.priority.PRIORITY_LOW);
  const asks = children.map((child) => asking<RoamingAgentsHandlers>(child, 'the simulated agents'));
  const gateways = replicas.map(({ tunnel }) => tunnel);
  await Promise.all(asks.map((ask, index) => startAgents(ask, index)));
  async function startAgents(ask: Ask<RoamingAgentsHandlers>, index: number): Promise<void> {
    const own = Math.ceil(agents / PROCESSES);
    for (let started = 0; started < own; started += BATCH) {
      const count = Math.min(BATCH, own - started);
      const prefix = `roaming-${index}-${started}`;
      await ask('start', { enrollment: await enrollment(count), prefix, count, gateways });
    }
  }
  const connected = async () => {
    const counts = await Promise.all(asks.map((ask) => ask('connected', null)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const all = await connected();
  for (const replica of replicas) await longestDelay(replica);
  await pause(10_000);
  const idle: { name: string; megabytes: number; longestDelay: LoopDelay }[] = [];
  for (const replica of replicas) {
    const megabytes = Math.round(residentBytes(replica.process.pid) / 1e6);
    idle.push({ name: replica.name, megabytes, longestDelay: await longestDelay(replica) });
  }
  const [first, , last] = replicas;
  const began = performance.now();
  await last?.process.stop('SIGKILL');
  await eventually(BACK_TIMEOUT_MS, 'Losing a third of the agents', async () => (await connected()) < all);
  await eventually(BACK_TIMEOUT_MS, 'All agents coming back', async () => (await connected()) >= all);
  const backMs = Math.round(performance.now() - began);
  const delays = [];
  for (const replica of replicas.slice(0, 2)) delays.push(await longestDelay(replica));
  const taken: number[] = [];
  for (let index = 0; index < revocations; index += 1) {
    // The first batch of the first process: half of it is at r2.
    const name = `roaming-0-0-${index}`;
    const ended = asks[0]?.('revoked', { name });
    await first?.api(`POST /agents/${name}/revoke`);
    const answered = Date.now();
    taken.push(Math.max(0, ((await ended) ?? answered) - answered));
  }
  return {
    agents: all,
    replicas: idle,
    backMs,
    delayMeanwhile: {
      late: Math.max(...delays.map(({ late }) => late)),
      own: Math.max(...delays.map(({ own }) => own)),
    },
    revocation: { p50: Math.round(quantile(taken, 0.5)), p99: Math.round(quantile(taken, 0.99)) },
  };
}

/** The longest delay of the event loop of a replica since the last call. */
async function longestDelay({ process: { pid }, loopFile }: BenchReplica): Promise<LoopDelay> {
  await rm(loopFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  let delay = '';
  await eventually(30_000, 'Reading the delay of an event loop', async () => {
    delay = await readFile(loopFile, 'utf8').catch(() => '');
    return delay.endsWith('}');
  });
  const { late, own } = JSON.parse(delay) as LoopDelay;
  return { late: Math.round(late), own: Math.round(own) };
}
