import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { agentFile, binOf } from '../../test/processes/programs.ts';
import { ManagedProcess } from '../../test/rig/process.ts';
import { type Load, startLoad } from '../load/load.ts';
import { here } from '../process/child.ts';
import { eventually, pause } from '../process/deadline.ts';
import { holdToShare, whyNoShares } from '../process/processor-share.ts';
import { ratioOfMedians, summarize } from '../report/statistics.ts';
import { makeCertificate } from '../routes/certificate.ts';
import { startNodeH2End } from '../routes/node-h2.ts';
import type { Address } from '../routes/route.ts';
import type { BenchReplicas } from './replicas.ts';

const WARM_UP_MS = 500;
const WINDOW_MS = 1_500;

/** Where clients are served, by the replica that has the agent and by another one, and the processes between them and the target. */
type Program = AsyncDisposable & {
  readonly local: Address;
  readonly relayed: Address;
  readonly pids: readonly number[];
};

/** MB/s of one stream from the target, on shared processors and apart, and the p50 of a round trip of 64 bytes in microseconds. */
type Samples = { readonly throughput: number[]; readonly apart: number[]; readonly p50: number[] };

/** The processes of a measurement: three of a program, and both of the load generator. */
const PROCESSES = 5;
/** What each program of a measurement may use of one processor so that none lacks what another one spends. */
const SHARE = Math.min(1, availableParallelism() / PROCESSES);

/**
 * Relayed connections beside local ones: those of three replicas, and those of the smallest program of node:http2 that
 * relays, in the same rounds. What the latter loses by a relay, the runtime costs. Replicas and agents run on machines of
 * their own, so throughput is measured twice: where all share the processors of this one, and `apart`, with the same share
 * of a processor for each program.
 */
export async function measureRelayed(cluster: BenchReplicas, rounds: number) {
  await using stack = new AsyncDisposableStack();
  const load = stack.adopt(await startLoad(here, here), (started) => started.stop());
  const penstock = stack.use(await startAgent(cluster, load.target.address.port));
  const nodeH2 = stack.use(await startSmallest(load.target.address));
  const samples = new Map<Address, Samples>();
  for (const { local, relayed } of [penstock, nodeH2])
    for (const address of [local, relayed]) samples.set(address, { throughput: [], apart: [], p50: [] });
  for (let round = 0; round < rounds; round += 1)
    for (const [address, { throughput, p50 }] of samples) {
      p50.push(await roundTrip(load, address));
      throughput.push(await megabytesPerSecond(load, address));
    }
  const whyNotApart = await whyNoShares();
  if (whyNotApart === undefined) {
    await using _ = await holdToShare([...penstock.pids, ...nodeH2.pids], SHARE);
    for (let round = 0; round < rounds; round += 1)
      for (const [address, { apart }] of samples) apart.push(await megabytesPerSecond(load, address));
  }
  const report = ({ local, relayed }: Program) => {
    const none: Samples = { throughput: [], apart: [], p50: [] };
    const [direct, other] = [samples.get(local) ?? none, samples.get(relayed) ?? none];
    return {
      throughputShare: ratioOfMedians(other.throughput, direct.throughput),
      throughputShareApart: ratioOfMedians(other.apart, direct.apart),
      p50Ratio: ratioOfMedians(other.p50, direct.p50),
      megabytesPerSecond: { local: summarize(direct.throughput), relayed: summarize(other.throughput) },
      ...(whyNotApart === undefined && {
        megabytesPerSecondApart: { local: summarize(direct.apart), relayed: summarize(other.apart) },
      }),
      p50Microseconds: { local: summarize(direct.p50), relayed: summarize(other.p50) },
    };
  };
  return { whyNotApart, share: SHARE, programs: { penstock: report(penstock), nodeH2: report(nodeH2) } };
}

async function roundTrip({ client }: Load, address: Address): Promise<number> {
  const timing = { warmUp: WARM_UP_MS, window: WINDOW_MS };
  return (await client.ask('roundTrips', { address, connections: 1, ...timing })).p50;
}

async function megabytesPerSecond({ client }: Load, address: Address): Promise<number> {
  await client.ask('startTransfer', { address, direction: 'down', streams: 1 });
  await pause(WARM_UP_MS);
  const before = await client.ask('received', null);
  await pause(WINDOW_MS);
  const after = await client.ask('received', null);
  await client.ask('finishTransfer', null);
  return (after.bytes - before.bytes) / (after.at - before.at) / 1000;
}

/** An agent at the first replica, whose connections the second one relays. */
async function startAgent(
  { replicas, directory, enrollment }: BenchReplicas,
  echo: number,
): Promise<Program> {
  const [local, relayed] = replicas;
  if (local === undefined || relayed === undefined) throw new Error('There are no two replicas.');
  await using stack = new AsyncDisposableStack();
  const { token } = await enrollment(1);
  const file = join(directory, 'agent.json');
  const { address, pin } = local.tunnel;
  const options = { tunnelPort: address.port, pin, targets: { echo } };
  const identity = { directory: join(directory, 'agent'), enrollmentToken: '${env:TOKEN}' };
  await writeFile(file, JSON.stringify(agentFile(options, { identity })));
  const args = [binOf('agent'), 'run', '--config', file];
  const agent = stack.use(await ManagedProcess.start({ args, env: { TOKEN: token } }));
  await agent.json({ event: 'session-ready', session: 0 }, 120_000);
  await eventually(30_000, 'Listing the session at r2', async () => {
    const { items } = (await relayed.api('GET /sessions')) as { items: unknown[] };
    return items.length > 0;
  });
  const owned = stack.move();
  return {
    local: local.clients,
    relayed: relayed.clients,
    pids: [local.process.pid, relayed.process.pid, agent.pid],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Three processes of `node-h2`: an end at the clients that has the agent's sessions, the agent, and an end at the clients without. */
async function startSmallest(to: Address): Promise<Program> {
  await using stack = new AsyncDisposableStack();
  const { certificate, key } = await makeCertificate();
  const { host } = here;
  const pids: number[] = [];
  const start = async () => {
    const { child, ask } = await startNodeH2End(here);
    stack.defer(() => child.stop());
    pids.push(child.pid);
    return ask;
  };
  const [local, agent, relaying] = [await start(), await start(), await start()];
  const { clients, tunnel, peers } = await local('tcpToStreams', { host, certificate, key });
  await agent('streamsToTcp', { tunnel, to, certificate });
  const relayed = await relaying('tcpToRelay', { host, peers, certificate });
  const owned = stack.move();
  return {
    local: clients,
    relayed: relayed.clients,
    pids,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
