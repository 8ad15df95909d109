import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstSuccess } from '../../../examples/cluster/load.ts';
import { binOf, runCommand } from '../../processes/programs.ts';
import { isInstalled } from '../../rig/optional.ts';
import { PgBouncer } from '../../rig/pgbouncer.ts';
import { Postgres } from '../../rig/postgres.ts';
import { ManagedProcess } from '../../rig/process.ts';
import { temporaryDirectory } from '../../rig/temporary-directory.ts';
import { type WebhookReceiver, webhookReceiver } from '../../rig/webhook-receiver.ts';
import { type ApiAnswer, askReplica } from './ask-replica.ts';
import { agentFile, gatewayFile, WATCHED_POOL } from './files.ts';
import { createNetwork, type Network, type NetworkHost } from './network.ts';
import { startSiteBalancer } from './site-balancer.ts';
import { type Switch, startSwitch } from './switch.ts';

export const REPLICAS = ['r1', 'r2', 'r3'] as const;
/** Hosts for gateways of other stores. */
export const SPARE_HOSTS = ['e1', 'e2'] as const;
export type ReplicaName = (typeof REPLICAS)[number];
export const AGENTS = { a1: 'dc1', a2: 'dc1', a3: 'dc2', a4: WATCHED_POOL } as const;
export type AgentName = keyof typeof AGENTS;
/** What a site consists of. */
export type SiteShape = {
  readonly replicas: readonly ReplicaName[];
  readonly agents: Readonly<Partial<Record<AgentName, string>>>;
  readonly spareHosts: readonly string[];
  /** Whether the store is a server of its own, with a standby, and behind pgbouncer for one replica. */
  readonly hasOwnStore: boolean;
  /** `resume.for` of the replicas. */
  readonly resumeFor: string;
};

export const WHOLE_SITE: SiteShape = {
  replicas: REPLICAS,
  agents: AGENTS,
  spareHosts: SPARE_HOSTS,
  hasOwnStore: true,
  resumeFor: '60s',
};

/** The replica that reaches the store through pgbouncer, if that is installed. */
export const BEHIND_PGBOUNCER: ReplicaName = 'r3';

/** Starts take their time on a machine that does other things. */
export const START_TIMEOUT_MS = 120_000;

/** Replicas on hosts of their own, agents, haproxy, a private database, and the store with its standby. */
export type Site = AsyncDisposable & {
  readonly shape: SiteShape;
  readonly network: Network;
  /** The private database. */
  readonly target: Postgres;
  /** The store, and what takes its place in a failover. */
  readonly store: Postgres;
  readonly standby: Postgres | undefined;
  /** Where the replicas find the store. */
  readonly storeSwitch: Switch;
  readonly receiver: WebhookReceiver;
  /** Ports of the load balancer. */
  readonly balanced: { readonly agents: number; readonly clients: number };
  readonly adminToken: string;
  readonly pins: readonly string[];
  readonly directory: string;
  readonly replicas: ReadonlyMap<ReplicaName, ManagedProcess>;
  readonly agents: ReadonlyMap<AgentName, ManagedProcess>;
  host(name: string): NetworkHost;
  replica(name: ReplicaName): ManagedProcess;
  agent(name: AgentName): ManagedProcess;
  /** Starts a replica that has ended. `environment` is added to its own. */
  startReplica(name: ReplicaName, environment?: Readonly<Record<string, string>>): Promise<ManagedProcess>;
  /**
   * Kills a replica. `accepted` resolves to the milliseconds from then until a client that connects through the load balancer
   * has an answer.
   */
  killReplica(name: ReplicaName): Promise<{ readonly accepted: Promise<number> }>;
  /** Ports to which the replicas connect, beside those of each other. */
  readonly outgoingPorts: readonly number[];
  /** Ports at which the replicas reach the store: that of pgbouncer too. */
  readonly storePorts: readonly number[];
  /** Starts a gateway on a host, which the caller disposes; `program` is another version of it. */
  startGateway(
    name: string,
    environment: Readonly<Record<string, string>>,
    program?: string,
  ): Promise<ManagedProcess>;
  /** Starts an agent, which the caller disposes. */
  startAgent(name: string, options: AgentStart): Promise<ManagedProcess>;
  /** The file that gateways run. */
  readonly gatewayFile: string;
  /** Where a gateway has its CA and certificate. */
  dataOf(name: string): string;
  /** Calls the API of a replica as an admin. */
  api(name: string, request: string, body?: unknown): Promise<ApiAnswer>;
  /** Calls the API of a gateway of another store. */
  apiAs(token: string, name: string, request: string, body?: unknown): Promise<ApiAnswer>;
};

export type AgentStart = {
  readonly pool: string;
  readonly token: string;
  /** Over its file. */
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly program?: string;
  /** The host that it runs on. Default: this machine. */
  readonly host?: string;
};

export async function startSite(
  progress: (text: string) => void,
  shape: SiteShape = WHOLE_SITE,
): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  const network = stack.use(createNetwork([...shape.replicas, ...shape.spareHosts]));
  progress('starting PostgreSQL');
  const target = stack.use(await Postgres.start({ maxConnections: 300 }));
  const store = shape.hasOwnStore ? stack.use(await Postgres.start()) : target;
  const standby = shape.hasOwnStore ? stack.use(await Postgres.start({ standbyOf: store })) : undefined;
  const receiver = stack.use(await webhookReceiver());
  const storeSwitch = stack.use(await startSwitch(network.own, store.address.port));
  const webhook = stack.use(await startSwitch(network.own, Number(new URL(receiver.url).port)));
  const storeAddress = { host: network.own, port: storeSwitch.port };
  const bouncer =
    shape.hasOwnStore && isInstalled('pgbouncer')
      ? stack.use(await PgBouncer.start(store, { host: network.own, to: storeAddress, poolSize: 4 }))
      : undefined;
  const urlOf = (name: string) => {
    const isBehind = name === BEHIND_PGBOUNCER && bouncer !== undefined;
    return `${store.url(isBehind ? bouncer.address : storeAddress)}?sslmode=disable`;
  };
  const host = (name: string) => {
    const found = network.hosts.find((each) => each.name === name);
    if (found === undefined) throw new Error(`There is no host ${name}.`);
    return found;
  };
  // Every process would compile the same files.
  const compileCache = process.env['NODE_COMPILE_CACHE'] === undefined && {
    NODE_COMPILE_CACHE: join(directory, 'compiled'),
  };
  const fileOf = (name: string) => join(directory, `${name}.json`);
  const dataOf = (name: string) => join(directory, name);
  const environmentOf = (name: string) => ({
    REPLICA: name,
    ADDRESS: host(name).address,
    DATA: dataOf(name),
    STORE_URL: urlOf(name),
    WEBHOOK: `http://${network.own}:${webhook.port}/`,
    ...compileCache,
  });
  await writeFile(
    fileOf('gateway'),
    JSON.stringify(
      gatewayFile({ from: network.own, pools: Object.values(shape.agents), resumeFor: shape.resumeFor }),
    ),
  );
  progress('creating the store');
  const init = await runCommand(
    'gateway',
    ['init', '--config', fileOf('gateway'), '--output', 'json'],
    environmentOf('r1'),
  );
  if (init.code !== 0) throw new Error(`init ended with ${init.code}: ${init.stderr}`);
  const { pins, adminToken } = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  // The agent CA and the server certificate are the same everywhere.
  for (const name of shape.replicas.slice(1)) await cp(dataOf('r1'), dataOf(name), { recursive: true });

  const replicas = new Map<ReplicaName, ManagedProcess>();
  const agents = new Map<AgentName, ManagedProcess>();
  stack.defer(async () => {
    await Promise.all([...agents.values(), ...replicas.values()].map((each) => each[Symbol.asyncDispose]()));
  });
  const startGateway: Site['startGateway'] = async (name, environment, program = binOf('gateway')) => {
    const [command = '', ...words] = host(name).run;
    const gateway = await ManagedProcess.start({
      command,
      args: [...words, process.execPath, program, 'run', '--config', fileOf('gateway')],
      env: { ...environmentOf(name), ...environment },
    });
    try {
      await gateway.json({ event: 'admin-listening' }, START_TIMEOUT_MS);
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
    return gateway;
  };
  const startReplica: Site['startReplica'] = async (name, environment = {}) => {
    const replica = await startGateway(name, environment);
    replicas.set(name, replica);
    return replica;
  };
  progress('starting the replicas');
  await Promise.all(shape.replicas.map((name) => startReplica(name)));
  const balancer = stack.use(
    await startSiteBalancer(
      directory,
      shape.replicas.map((name) => host(name).address),
    ),
  );
  const clientsAddress = { host: '127.0.0.1', port: balancer.clients };
  const api: Site['api'] = (name, request, body) =>
    askReplica(host(name).address, adminToken.token, request, body);
  const startAgent: Site['startAgent'] = async (name, { pool, token, changes = {}, program, host: on }) => {
    const options = { name, pool, gatewayPort: balancer.agents, pin: pins[0] ?? '', directory: dataOf(name) };
    const file = agentFile({ ...options, targetPort: target.address.port });
    await writeFile(fileOf(name), JSON.stringify({ ...file, ...changes }));
    const [command = '', ...words] = [...(on === undefined ? [] : host(on).run), process.execPath];
    return await ManagedProcess.start({
      command,
      args: [...words, program ?? binOf('agent'), 'run', '--config', fileOf(name)],
      env: { TOKEN: token, ...compileCache },
    });
  };
  progress('starting the agents');
  await Promise.all(
    Object.entries(shape.agents).map(async ([name, pool]) => {
      const { body } = await api('r2', 'POST /enrollment-tokens', { pool, uses: 1 });
      const agent = await startAgent(name, { pool, token: String(body['token']) });
      agents.set(name as AgentName, agent);
      await agent.json({ event: 'session-ready', session: 1 }, START_TIMEOUT_MS);
    }),
  );
  // It looks twice a second which replicas are ready, and none is before it has an agent.
  progress('waiting for the load balancer');
  await firstSuccess(target.clientConfig(clientsAddress));
  const find =
    <Name extends string>(all: ReadonlyMap<Name, ManagedProcess>) =>
    (name: Name) => {
      const found = all.get(name);
      if (found === undefined) throw new Error(`There is no ${name}.`);
      return found;
    };
  const storePorts = [storeAddress, ...(bouncer === undefined ? [] : [bouncer.address])].map(
    ({ port }) => port,
  );
  const owned = stack.move();
  return {
    shape,
    network,
    target,
    store,
    standby,
    storeSwitch,
    receiver,
    balanced: balancer,
    adminToken: adminToken.token,
    pins,
    directory,
    replicas,
    agents,
    host,
    replica: find(replicas),
    agent: find(agents),
    startReplica,
    startGateway,
    startAgent,
    gatewayFile: fileOf('gateway'),
    dataOf,
    apiAs: (token, name, request, body) => askReplica(host(name).address, token, request, body),
    async killReplica(name) {
      const began = performance.now();
      await find(replicas)(name).stop('SIGKILL');
      return {
        accepted: firstSuccess(target.clientConfig(clientsAddress)).then(() =>
          Math.round(performance.now() - began),
        ),
      };
    },
    storePorts,
    outgoingPorts: [...storePorts, webhook.port],
    api,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
