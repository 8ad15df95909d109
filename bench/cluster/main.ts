import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { agentFile, binOf } from '../../test/processes/programs.ts';
import { ManagedProcess } from '../../test/rig/process.ts';
import { residentBytes } from '../../test/rig/process-measurements.ts';
import { startLoad } from '../load/load.ts';
import { type Ask, asking } from '../process/ask.ts';
import { here, startNode, stopEveryChild } from '../process/child.ts';
import { eventually, pause } from '../process/deadline.ts';
import { type BenchReplica, type BenchReplicas, startBenchReplicas } from './replicas.ts';
import type { RoamingAgentsHandlers } from './roaming-agents.ts';

const usage = `npm run bench:cluster -- [options]

Three replicas on one PostgreSQL: relayed connections beside local ones, many simulated agents of which a third loses its
replica, and revocations at another replica. Prints one line for each part, and one JSON object.

  --agents N        simulated agents (10000)
  --rounds N        pairs of measurements of relayed and local connections (5)
  --revocations N   agents that are revoked (100)
`;

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    revocations: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});

const WARM_UP_MS = 500;
const WINDOW_MS = 1_500;
const PROCESSES = 2;
const BATCH = 250;
const BACK_TIMEOUT_MS = 300_000;
const AGENTS = new URL('roaming-agents.ts', import.meta.url);

const print = (text: string) => void process.stdout.write(`${text}\n`);
const median = (numbers: readonly number[]) => quantile(numbers, 0.5);
const quantile = (numbers: readonly number[], share: number) =>
  numbers.toSorted((one, other) => one - other)[
    Math.min(numbers.length - 1, Math.floor(numbers.length * share))
  ] ?? 0;

if (values.help) print(usage);
else {
  try {
    await using cluster = await startBenchReplicas(['r1', 'r2', 'r3'], Number(values.agents) + 100);
    const relayed = await measureRelayed(cluster, Number(values.rounds));
    print(
      `relayed beside local: throughput ${relayed.throughputShare.toFixed(2)} of it, p50 of a round trip ${relayed.p50Ratio.toFixed(2)} times`,
    );
    const fleet = await measureFleet(cluster, Number(values.agents), Number(values.revocations));
    for (const { name, megabytes, longestDelayMs } of fleet.replicas)
      print(
        `${name} with ${values.agents} agents: ${megabytes} MB, event loop late by ${longestDelayMs} ms at most`,
      );
    print(
      `after r3 was killed: all agents back after ${fleet.backMs} ms, loops late by ${fleet.delayMeanwhileMs} ms at most`,
    );
    print(
      `revocation in force at another replica: p50 ${fleet.revocation.p50} ms, p99 ${fleet.revocation.p99} ms`,
    );
    print(JSON.stringify({ relayed, fleet }));
  } finally {
    await stopEveryChild();
  }
}

/** One agent at r1: clients of r1 are local, and those of r2 relayed. Medians of rounds that alternate. */
async function measureRelayed({ replicas, directory, enrollment }: BenchReplicas, rounds: number) {
  const [local, relayed] = replicas;
  if (local === undefined || relayed === undefined) throw new Error('There are no two replicas.');
  const load = await startLoad(here, here);
  const { token } = await enrollment(1);
  const file = join(directory, 'agent.json');
  const { address, pin } = local.tunnel;
  const options = { tunnelPort: address.port, pin, targets: { echo: load.target.address.port } };
  await writeFile(
    file,
    JSON.stringify(
      agentFile(options, {
        identity: { directory: join(directory, 'agent'), enrollmentToken: '${env:TOKEN}' },
      }),
    ),
  );
  await using agent = await ManagedProcess.start({
    args: [binOf('agent'), 'run', '--config', file],
    env: { TOKEN: token },
  });
  await agent.json({ event: 'session-ready', session: 0 }, 120_000);
  await eventually(30_000, 'Listing the session at r2', async () => {
    const { items } = (await relayed.api('GET /sessions')) as { items: unknown[] };
    return items.length > 0;
  });
  const throughput = { local: [] as number[], relayed: [] as number[] };
  const p50 = { local: [] as number[], relayed: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, { clients }] of [
      ['local', local],
      ['relayed', relayed],
    ] as const) {
      const timing = { warmUp: WARM_UP_MS, window: WINDOW_MS };
      p50[way].push(
        (await load.client.ask('roundTrips', { address: clients, connections: 1, ...timing })).p50,
      );
      await load.client.ask('startTransfer', { address: clients, direction: 'down', streams: 1 });
      await pause(WARM_UP_MS);
      const before = await load.client.ask('received', null);
      await pause(WINDOW_MS);
      const after = await load.client.ask('received', null);
      await load.client.ask('finishTransfer', null);
      throughput[way].push((after.bytes - before.bytes) / (after.at - before.at) / 1000);
    }
  }
  await load.stop();
  return {
    throughputShare: median(throughput.relayed) / median(throughput.local),
    p50Ratio: median(p50.relayed) / median(p50.local),
    megabytesPerSecond: { local: median(throughput.local), relayed: median(throughput.relayed) },
    p50Microseconds: { local: median(p50.local), relayed: median(p50.relayed) },
  };
}

async function measureFleet({ replicas, enrollment }: BenchReplicas, agents: number, revocations: number) {
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => startNode(AGENTS, here)));
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
  const idle: { name: string; megabytes: number; longestDelayMs: number }[] = [];
  for (const replica of replicas) {
    const megabytes = Math.round(residentBytes(replica.process.pid) / 1e6);
    idle.push({ name: replica.name, megabytes, longestDelayMs: await longestDelay(replica) });
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
    delayMeanwhileMs: Math.max(...delays),
    revocation: { p50: quantile(taken, 0.5), p99: quantile(taken, 0.99) },
  };
}

/** How late the event loop of a replica was at most since the last call, in milliseconds. */
async function longestDelay({ process: { pid }, loopFile }: BenchReplica): Promise<number> {
  await rm(loopFile, { force: true });
  process.kill(pid, 'SIGUSR2');
  let delay = '';
  await eventually(30_000, 'Reading the delay of an event loop', async () => {
    delay = await readFile(loopFile, 'utf8').catch(() => '');
    return delay !== '';
  });
  return Math.round(Number(delay));
}
