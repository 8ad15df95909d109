import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Gateway } from '@penstock/gateway';
import { TestClient } from './client.ts';
import { eventually } from './eventually.ts';
import { askApi, type Pair, type PairOptions, startPair } from './pair.ts';
import { Relay } from './relay.ts';
import { FakeReplicaStore } from './replica-store.ts';

export type ReplicasOptions = Omit<PairOptions, 'replicas' | 'agents'> & {
  /** Names of the agents, and the replica to which each connects. */
  readonly agents: Readonly<Record<string, string>>;
  /** Merged into `cluster` of every replica. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  /** Merged into the file of one replica. */
  readonly only?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/**
 * Real gateways in this process that are replicas of each other, with real agents, and a fake of the table that tells the
 * replicas of each other. Each has a copy of one store. The other replicas reach each of them through a relay.
 */
export type Replicas = AsyncDisposable & {
  readonly pair: Pair;
  readonly store: FakeReplicaStore;
  gateway(name: string): Gateway;
  /** What the other replicas reach this one through. */
  link(name: string): Relay;
  client(name: string, connection: string): Promise<TestClient>;
  /** Calls the API of a replica as an admin. */
  api(name: string, request: string): Promise<Readonly<Record<string, unknown>>>;
  /** Starts a second process with the identity of an agent, which connects to a replica. */
  cloneAt(agent: string, replica: string): Promise<AsyncDisposable>;
  /** Starts an agent, or starts it again, so that it connects to this replica. */
  agentAt(agent: string, replica: string, changes?: Readonly<Record<string, unknown>>): Promise<void>;
  start(name: string): Promise<Gateway>;
  stop(name: string): Promise<void>;
  /** Waits until every replica is connected to every other one. */
  connected(): Promise<void>;
};

/** Starts replicas with these names; the first one enrolls the agents. */
export async function startReplicas(
  names: readonly [string, ...string[]],
  options: ReplicasOptions,
): Promise<Replicas> {
  const { agents, only, cluster, ...rest } = options;
  await using starting = new AsyncDisposableStack();
  const store = new FakeReplicaStore();
  const gateways = new Map<string, Gateway>();
  const links = new Map<string, Relay>();
  const targets = new Map<string, { host: string; port: number }>();
  for (const name of names) {
    const target = { host: '127.0.0.1', port: 0 };
    targets.set(name, target);
    links.set(name, starting.use(await Relay.start(target)));
  }
  const linkOf = (name: string): Relay => {
    const link = links.get(name);
    if (link === undefined) throw new Error(`There is no replica ${name}.`);
    return link;
  };
  const clusterOf = (name: string) => ({
    name,
    listen: '127.0.0.1:0',
    advertise: `127.0.0.1:${linkOf(name).address.port}`,
    ...cluster,
  });
  const [first, ...others] = names;
  const pair = starting.use(
    await startPair({
      ...rest,
      agents: {},
      replicas: store,
      gateway: { ...rest.gateway, ...only?.[first], cluster: clusterOf(first) },
    }),
  );
  const directoryOf = (name: string) => join(pair.directory, name);
  for (const name of others)
    await cp(join(pair.directory, 'gateway'), directoryOf(name), { recursive: true });
  const listen = { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' };
  const add = (name: string, gateway: Gateway) => {
    Object.assign(targets.get(name) ?? {}, { port: gateway.cluster?.address.port });
    gateways.set(name, gateway);
    return gateway;
  };
  add(first, pair.gateway);
  const replicas: Replicas = {
    pair,
    store,
    gateway(name) {
      const gateway = gateways.get(name);
      if (gateway === undefined) throw new Error(`Replica ${name} is not running.`);
      return gateway;
    },
    link: linkOf,
    client(name, connection) {
      const [address] = replicas.gateway(name).ingressOf(connection);
      if (address === undefined) throw new Error(`${name} has no ingress of ${connection}.`);
      return TestClient.connect({ host: '127.0.0.1', port: address.port });
    },
    api: (name, request) => askApi(replicas.gateway(name).admin.port, pair.adminToken, request, undefined),
    async cloneAt(agent, replica) {
      const directory = join(pair.directory, `${agent}-clone`);
      await cp(join(pair.directory, agent), directory, { recursive: true });
      const { port } = replicas.gateway(replica).tunnel;
      return pair.startClone(agent, {
        gateway: { url: `https://127.0.0.1:${port}` },
        identity: { directory },
      });
    },
    async agentAt(agent, replica, changes) {
      const enrolled = pair.agents.get(agent);
      if (enrolled === undefined) {
        await pair.startAgent(agent);
        await pair.connected(agent);
      }
      await pair.stopAgent(agent);
      const { port } = replicas.gateway(replica).tunnel;
      await pair.startAgent(agent, { gateway: { url: `https://127.0.0.1:${port}` }, ...changes });
      await pair.connected(agent);
    },
    start: async (name) =>
      add(
        name,
        await pair.startReplica(name, {
          listen,
          dataDirectory: directoryOf(name),
          ...only?.[name],
          cluster: clusterOf(name),
        }),
      ),
    async stop(name) {
      await gateways.get(name)?.stop();
      gateways.delete(name);
    },
    connected: () =>
      eventually(
        'every replica to be connected to every other one',
        () =>
          [...gateways.values()].every(
            ({ cluster }) =>
              cluster?.replicas.filter(({ link }) => link !== 'connecting').length === gateways.size,
          ),
        { state: () => [...gateways.values()].map(({ cluster }) => cluster?.replicas) },
      ).then(() => {}),
    async [Symbol.asyncDispose]() {
      await running.disposeAsync();
    },
  };
  starting.defer(async () => {
    for (const name of [...gateways.keys()].filter((each) => each !== first)) await replicas.stop(name);
  });
  // Agents enroll before the stores are copied apart: the others accept any certificate of the common CA.
  for (const name of others) await replicas.start(name);
  await replicas.connected();
  for (const [agent, replica] of Object.entries(agents)) await replicas.agentAt(agent, replica);
  const running = starting.move();
  return replicas;
}
