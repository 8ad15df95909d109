import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, type Lookup, startDaemon } from '@penstock/agent';
import type { ReplicaStore } from '@penstock/cluster';
import {
  type AgentConfig,
  type GatewayConfig,
  parseAgentConfig,
  parseGatewayConfig,
} from '@penstock/config-schema';
import { type Gateway, initialize, startGateway } from '@penstock/gateway';
import type { Clock } from '@penstock/runtime';
import { eventually } from './eventually.ts';

/** One logged event of a program under test. */
export type Logged = { readonly program: string; readonly event: string; readonly [field: string]: unknown };

export type PairOptions = {
  /** Creates a connector and a connection for each name, to a port on 127.0.0.1 or to a host and port. */
  readonly targets: Readonly<Record<string, number | string>>;
  /** Names of the agents to start, with their pools; two agents of pool dc1 by default. */
  readonly agents?: Readonly<Record<string, string>>;
  /** Merged into the gateway's file. */
  readonly gateway?: Readonly<Record<string, unknown>>;
  /** Merged into each agent's file. */
  readonly agent?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly lookup?: Lookup;
  /** Where the gateway finds other replicas, if `gateway` has a `cluster`. */
  readonly replicas?: ReplicaStore;
  /** The agents' clock; the system clock by default. */
  readonly clock?: Clock;
};

/** A real gateway and real agents in this process, with real TLS on loopback, on ports chosen by the system. */
export type Pair = AsyncDisposable & {
  readonly gateway: Gateway;
  readonly directory: string;
  readonly gatewayConfig: GatewayConfig;
  readonly agents: ReadonlyMap<string, Daemon>;
  readonly logged: Logged[];
  readonly pins: readonly string[];
  readonly token: string;
  /** Token of an admin, for the commands of penstock-gateway. */
  readonly adminToken: string;
  /** Environment for references and the agents' proxy settings; tests may add to it. */
  readonly environment: Record<string, string>;
  /** Calls the API as an admin: `POST /enrollment-tokens`. Throws if the request is refused. */
  api(request: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** Returns the port for clients of a connection. */
  port(connection: string): number;
  /** Returns the file of an agent before references are resolved, with changes merged into it. */
  agentFile(name: string, changes?: Readonly<Record<string, unknown>>): object;
  /** Returns the configuration of an agent, with changes merged into its file. */
  agentConfig(name: string, changes?: Readonly<Record<string, unknown>>): AgentConfig;
  startAgent(name: string, changes?: Readonly<Record<string, unknown>>): Promise<Daemon>;
  /** Starts another process of an agent, which the caller disposes. */
  startClone(name: string, changes: Readonly<Record<string, unknown>>): Promise<AsyncDisposable>;
  stopAgent(name: string): Promise<void>;
  /** Starts the gateway again after `gateway.stop()`, on the same tunnel port, with changes merged over its file. */
  restartGateway(changes?: Readonly<Record<string, unknown>>): Promise<Gateway>;
  /** Starts a further gateway with changes merged over the file. The caller stops it. */
  startReplica(name: string, changes: Readonly<Record<string, unknown>>): Promise<Gateway>;
  /** Waits until an agent has all its sessions. */
  connected(name: string): Promise<void>;
  /** Waits for an event that is logged from now on, or since the start if `past` is set. */
  event(event: string, options?: { past?: boolean; where?: (entry: Logged) => boolean }): Promise<Logged>;
};

const merge = (base: unknown, over: unknown): unknown => {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
};

/** Starts the pair and waits until every agent is connected. */
export async function startPair(options: PairOptions): Promise<Pair> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'penstock-pair-'));
  starting.defer(() => rm(directory, { recursive: true, force: true }));
  const dataDirectory = join(directory, 'gateway');
  const pools = options.agents ?? { a1: 'dc1', a2: 'dc1' };
  const poolNames = [...new Set(['dc1', ...Object.values(pools)])];
  const hosts = { environment: { ...options.environment }, readFile: () => '', directory };
  const gatewayFile = (tunnelPort: number, changes?: unknown) =>
    merge(
      merge(
        {
          apiVersion: 'penstock/v1',
          kind: 'Gateway',
          version: 1,
          organization: 'acme',
          listen: { tunnel: `127.0.0.1:${tunnelPort}`, admin: '127.0.0.1:0' },
          dataDirectory,
          pools: poolNames.map((name) => ({ name })),
          connections: Object.keys(options.targets).map((name) => ({
            name,
            connector: name,
            pools: poolNames,
            ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
          })),
        },
        options.gateway,
      ),
      changes,
    );
  const parseGateway = (file: unknown): GatewayConfig => {
    const result = parseGatewayConfig(JSON.stringify(file), hosts);
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    return result.config;
  };
  const logged: Logged[] = [];
  const watchers = new Set<(entry: Logged) => void>();
  const logOf = (program: string) => (event: string, fields?: Readonly<Record<string, unknown>>) => {
    const entry = { program, event, ...fields };
    logged.push(entry);
    for (const watcher of watchers) watcher(entry);
  };
  const gatewayConfig = parseGateway(gatewayFile(0));
  const { pins, adminToken } = await initialize({
    config: gatewayConfig,
    hosts: [],
    newAdminToken: false,
    now: Date.now(),
  });
  const { replicas } = options;
  const run = (config: GatewayConfig, name = 'gateway') =>
    startGateway({ config, log: logOf(name), ...(replicas && { replicas }) });
  let gateway = await run(gatewayConfig);
  starting.defer(() => gateway.stop());
  const tunnelPort = gateway.tunnel.port;
  const tokens = new Map<string, string>();
  const api: Pair['api'] = (request, body) =>
    askApi(gateway.admin.port, adminToken?.token ?? '', request, body);
  for (const pool of poolNames) {
    const { token } = await api('POST /enrollment-tokens', { pool, uses: 50 });
    tokens.set(pool, String(token));
  }
  const token = tokens.get(poolNames[0] ?? '') ?? '';
  const agents = new Map<string, Daemon>();
  starting.defer(async () => {
    await Promise.all([...agents.values()].map((daemon) => daemon.stop()));
  });

  const agentFile = (name: string, changes?: unknown): object => {
    const pool = pools[name] ?? 'dc1';
    return merge(
      merge(
        {
          apiVersion: 'penstock/v1',
          kind: 'Agent',
          version: 1,
          name,
          pool,
          gateway: {
            url: `https://127.0.0.1:${tunnelPort}`,
            pins,
            trust: 'pins',
            sessions: 2,
            proxy: 'none',
          },
          identity: { directory: join(directory, name), enrollmentToken: '${env:TOKEN}' },
          connectors: Object.entries(options.targets).map(([connector, target]) => ({
            name: connector,
            kind: 'tcp',
            address: typeof target === 'number' ? `127.0.0.1:${target}` : target,
          })),
          tunnel: { reconnect: { base: '50ms', max: '500ms' } },
          local: { listen: '127.0.0.1:0' },
        },
        options.agent,
      ),
      changes,
    ) as object;
  };
  const agentConfig = (name: string, changes?: unknown): AgentConfig => {
    const pool = pools[name] ?? 'dc1';
    const file = agentFile(name, changes);
    const environment = { ...hosts.environment, TOKEN: tokens.get(pool) ?? '' };
    const result = parseAgentConfig(JSON.stringify(file), { ...hosts, environment });
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    return result.config;
  };
  const pair: Pair = {
    get gateway() {
      return gateway;
    },
    directory,
    gatewayConfig,
    agents,
    logged,
    pins,
    token,
    adminToken: adminToken?.token ?? '',
    environment: hosts.environment,
    api,
    port: (connection) => {
      const [address] = gateway.ingressOf(connection);
      if (address === undefined) throw new Error(`There is no ingress of ${connection}.`);
      return address.port;
    },
    agentFile,
    agentConfig,
    async startAgent(name, changes) {
      const daemon = await startDaemon({
        config: agentConfig(name, changes),
        environment: hosts.environment,
        log: logOf(name),
        ...(options.lookup && { lookup: options.lookup }),
        ...(options.clock && { clock: options.clock }),
      });
      agents.set(name, daemon);
      return daemon;
    },
    async startClone(name, changes) {
      const daemon = await startDaemon({
        config: agentConfig(name, changes),
        environment: hosts.environment,
        log: logOf(`${name}-clone`),
      });
      return { [Symbol.asyncDispose]: () => daemon.stop() };
    },
    async stopAgent(name) {
      await agents.get(name)?.stop();
      agents.delete(name);
    },
    async restartGateway(changes) {
      const config = parseGateway(gatewayFile(tunnelPort, changes));
      gateway = await run(config);
      return gateway;
    },
    startReplica: (name, changes) => run(parseGateway(gatewayFile(0, changes)), name),
    async connected(name) {
      await eventually(
        `${name} to be connected`,
        () => {
          const status = agents.get(name)?.status();
          // The clock is known once a heartbeat was acknowledged. An agent that is drained is connected, but not ready.
          return status?.clockOffset !== undefined && status.sessions.ready === status.sessions.wanted;
        },
        { state: () => agents.get(name)?.status() },
      );
    },
    event(event, { past = false, where = () => true } = {}) {
      const isIt = (entry: Logged) => entry.event === event && where(entry);
      const found = past ? logged.find(isIt) : undefined;
      if (found !== undefined) return Promise.resolve(found);
      const { promise, resolve, reject } = Promise.withResolvers<Logged>();
      const timer = setTimeout(() => reject(new Error(`No event ${event} was logged in time.`)), 15_000);
      const watcher = (entry: Logged) => isIt(entry) && resolve(entry);
      watchers.add(watcher);
      return promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(watcher);
      });
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
  for (const name of Object.keys(pools)) await pair.startAgent(name);
  for (const name of Object.keys(pools)) await pair.connected(name);
  const started = starting.move();
  return pair;
}

export async function askApi(
  port: number,
  token: string,
  request: string,
  body: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const [method = '', path] = request.split(' ');
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      connection: 'close',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  if (!response.ok) throw new Error(`The API answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
