import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UpdaterLimits } from '@penstock/updater';
import { fillPgbench, pgbench } from '../chaos/databases.ts';
import { eventually } from '../rig/eventually.ts';
import { Postgres } from '../rig/postgres.ts';
import { publish } from '../rig/release-directory.ts';
import { publisher } from '../rig/release-files.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { webhookReceiver } from '../rig/webhook-receiver.ts';
import { type ClientsSeen, ConnectingClients } from './clients.ts';
import { ended, type Shown } from './config-fleet.ts';
import { GatewayProcess } from './gateway-process.ts';
import { buildAgents, type Flaw } from './hosts/agent-builds.ts';
import { HostFleet } from './hosts/host-fleet.ts';

export const FIRST_VERSION = '1.0.0';
const within = 1_800_000;
/** Between two looks at the gateway: it has better things to do. */
const POLL_MS = 250;
const platform = { os: process.platform, arch: process.arch };
/** Sequences of the first documents. */
const FIRST_SEQUENCE = 20;

export type AgentFleetOptions = {
  readonly pools: readonly string[];
  /** Agents of each pool. */
  readonly size: number;
  readonly minReady: number;
  /** `upgrade` of each pool in gateway.yaml. */
  readonly upgrade: Readonly<Record<string, unknown>>;
  readonly limits: UpdaterLimits;
  /** Milliseconds after which an agent that does not answer is killed. */
  readonly watchdog: number;
  /** `identity.certificateLifetime` of gateway.yaml. */
  readonly certificateLifetime?: string;
  /** Transactions of pgbench per second and pool, each on a connection of its own. */
  readonly rate: number;
};

type Pools = { readonly items: readonly { readonly name: string; readonly ready: number }[] };

/** A real gateway, real agents on hosts of their own with real updaters, and pgbench through each pool. */
export type AgentFleet = AsyncDisposable & {
  readonly gateway: GatewayProcess;
  /** The notifications of alerts, as they were posted to a webhook. */
  readonly notified: () => readonly string[];
  /** Publishes a version of the agent, signed, with a flaw. */
  publish(version: string, flaw?: Flaw): void;
  /** Creates a rollout of a version in all pools. */
  rollOut(version: string, more?: Readonly<Record<string, unknown>>): Promise<Shown>;
  /** Resolves when `isIt` is true of a rollout, and watches the pools until then. */
  until(id: string, isIt: (shown: Shown) => boolean): Promise<Shown>;
  /** Resolves when every agent is ready. */
  allReady(): Promise<unknown>;
  /** Gives every host what a version that `needs-repair` needs. */
  repair(): void;
  /** Ends a host for good, with its agent. */
  lose(name: string): Promise<void>;
  /** Starts a new host whose agent has the name of one that was lost. */
  replace(name: string, pool: string): Promise<void>;
  /** Resolves when a rollout has ended. */
  end(id: string): Promise<Shown>;
  /** The versions that the agents report to the gateway, without repetitions. */
  versions(): Promise<readonly string[]>;
  /** Stops clients and the count of ready agents while `action` interrupts the gateway. */
  undisturbed(action: () => Promise<void>): Promise<void>;
  readonly clients: { readonly transactions: number; readonly errors: readonly string[] };
  /** The least number of ready agents that a pool had while clients worked. */
  readonly leastReady: number;
};

export async function startAgentFleet(options: AgentFleetOptions): Promise<AgentFleet> {
  const { pools, size, minReady, upgrade, limits, watchdog, rate, certificateLifetime = '24h' } = options;
  const program = pgbench();
  if (program === undefined) throw new Error('pgbench is not installed.');
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  const postgres = stack.use(await Postgres.start({ settings: { fsync: 'off' } }));
  await fillPgbench(program, postgres);
  const webhook = stack.use(await webhookReceiver());
  const gateway = stack.use(
    await GatewayProcess.start(
      pools,
      { minReady, upgrade },
      {
        health: { heartbeatInterval: '2s' },
        identity: { certificateLifetime },
        // An agent that is ejected gets too few opens to be judged in the seconds that a rollout has here.
        ejection: { consecutiveFailures: 1000 },
        alerts: [{ condition: 'rollout-halted', receivers: ['ops'] }],
        receivers: [{ name: 'ops', webhook: '${env:OPS_WEBHOOK_URL}', groupWait: '0s' }],
      },
      { OPS_WEBHOOK_URL: webhook.url },
    ),
  );
  const release = publisher();
  const { rootKeys } = release.trust;
  const builds = await buildAgents(rootKeys);
  const first = join(path, 'penstock-agent');
  writeFileSync(first, builds.executable(FIRST_VERSION));
  chmodSync(first, 0o755);
  const releases = join(gateway.directory, 'releases');
  mkdirSync(releases);

  const fleet = stack.use(new HostFleet());
  const repaired = join(path, 'repaired');
  const startHost = async (name: string, pool: string, token: unknown, folder = name) => {
    const root = join(path, folder);
    mkdirSync(root);
    await fleet.start(name, {
      root,
      executable: first,
      version: FIRST_VERSION,
      sequence: FIRST_SEQUENCE,
      config: agentFile({ name, pool, root, gateway, target: postgres.address.port }),
      environment: { TOKEN: String(token), REPAIRED: repaired },
      rootKeys,
      limits,
      watchdog,
    });
  };
  for (const pool of pools) {
    const { token } = await gateway.api('POST /enrollment-tokens', { pool, uses: size });
    for (let index = 0; index < size; index += 1) await startHost(`${pool}-${index}`, pool, token);
  }
  const poolsNow = async () => ((await gateway.api('GET /pools')) as unknown as Pools).items;
  const allReady = () =>
    eventually(
      'every agent to be ready',
      async () => {
        await delay(POLL_MS);
        return (await poolsNow()).every(({ ready }) => ready === size);
      },
      { within, state: () => readFileSync(join(path, `${pools[0]}-0`, 'agent.log'), 'utf8').slice(-2_000) },
    );
  await allReady();
  const clients = pools.map((pool) =>
    stack.use(new ConnectingClients(program, postgres, gateway.ports.get(pool) ?? 0, rate)),
  );
  let sequence = FIRST_SEQUENCE;
  let leastReady = Number.POSITIVE_INFINITY;
  const show = async (id: string) => (await gateway.api(`GET /rollouts/${id}`)) as unknown as Shown;
  const until: AgentFleet['until'] = async (id, isIt) => {
    let shown = await show(id);
    await eventually(
      `the rollout ${id}`,
      async () => {
        shown = await show(id);
        await delay(POLL_MS);
        leastReady = Math.min(leastReady, ...(await poolsNow()).map(({ ready }) => ready));
        return isIt(shown);
      },
      { within, state: () => shown },
    );
    return shown;
  };
  const started = stack.move();
  return {
    gateway,
    notified: () => webhook.received.map(({ text }) => text),
    publish(version, flaw) {
      sequence += 1;
      publish(releases, release, version, {
        content: builds.executable(version, flaw),
        platform,
        changes: { release: { sequence }, latest: { sequence: 2 * sequence } },
      });
    },
    rollOut: async (version, more = {}) =>
      (await gateway.api('POST /rollouts', { software: { pools, version }, ...more })) as unknown as Shown,
    until,
    allReady,
    repair: () => writeFileSync(repaired, ''),
    lose: (name) => fleet.stop(name),
    async replace(name, pool) {
      const { token } = await gateway.api('POST /enrollment-tokens', { pool, uses: 1 });
      await startHost(name, pool, token, `${name}-again`);
    },
    end: (id) => until(id, ended),
    async versions() {
      const { items } = (await gateway.api('GET /agents?limit=500')) as unknown as {
        readonly items: readonly { readonly softwareVersion: string }[];
      };
      return [...new Set(items.map(({ softwareVersion }) => softwareVersion))].sort();
    },
    async undisturbed(action) {
      await Promise.all(clients.map((each) => each.pause()));
      await action();
      await allReady();
      for (const each of clients) each.resume();
    },
    get clients() {
      return sumOf(clients.map(({ seen }) => seen));
    },
    get leastReady() {
      return leastReady;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

const sumOf = (all: readonly ClientsSeen[]) => ({
  transactions: all.reduce((sum, { transactions }) => sum + transactions, 0),
  errors: all.flatMap(({ errors }) => errors),
});

type AgentFileOptions = {
  readonly name: string;
  readonly pool: string;
  readonly root: string;
  readonly gateway: Pick<GatewayProcess, 'pin' | 'tunnelPort'>;
  readonly target: number;
};

const agentFile = ({ name, pool, root, gateway: { pin, tunnelPort }, target }: AgentFileOptions) => ({
  apiVersion: 'penstock/v1',
  kind: 'Agent',
  version: 1,
  name,
  pool,
  gateway: { url: `https://127.0.0.1:${tunnelPort}`, pins: [pin], trust: 'pins', proxy: 'none' },
  identity: { directory: join(root, 'identity'), enrollmentToken: '${env:TOKEN}' },
  connectors: [{ name: 'orders', kind: 'tcp', address: `127.0.0.1:${target}` }],
  health: { sample: ['memory'], sampleInterval: '2s' },
  tunnel: { reconnect: { base: '100ms', max: '2s' } },
  policy: { remote: { upgrade: 'allow' } },
  drain: { timeout: '10s' },
  local: { listen: '127.0.0.1:0' },
});
