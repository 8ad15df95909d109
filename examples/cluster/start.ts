// npm run cluster: three replicas of a gateway on one PostgreSQL, a load balancer, and agents of two pools. It restarts the
// replicas one by one under load, then kills one. Options: --once exits afterwards; --output json prints one line of JSON.
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Postgres } from '../../test/rig/postgres.ts';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { command, Program } from '../quickstart/program.ts';
import { done, title } from '../quickstart/story.ts';
import { startBalancer } from './balancer.ts';
import { firstSuccess, Load } from './load.ts';

const { values: options } = parseArgs({
  options: { once: { type: 'boolean', default: false }, output: { type: 'string', default: 'text' } },
});

const HERE = new URL('.', import.meta.url);
const REPLICAS = ['r1', 'r2', 'r3'] as const;
const AGENTS = { 'agent-1': 'dc1', 'agent-2': 'dc1', 'agent-3': 'dc2', 'agent-4': 'dc2' } as const;
const WORKERS = 8;
/** A machine that does other things too takes its time to start programs. */
const BACK_TIMEOUT_MS = 120_000;

await using cleanup = new AsyncDisposableStack();
const directory = await mkdtemp(join(tmpdir(), 'penstock-cluster-'));
cleanup.defer(() => rm(directory, { recursive: true, force: true }));
const interrupted = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));

title('Penstock: three replicas of a gateway, two pools of agents');

const postgres = cleanup.use(await Postgres.start());
done('PostgreSQL', `port ${postgres.address.port}: the store of the gateways, and the private database`);

const portsOf = async () => ({
  tunnel: await unusedPort(),
  admin: await unusedPort(),
  ingress: await unusedPort(),
  peer: await unusedPort(),
});
const ports = new Map(await Promise.all(REPLICAS.map(async (name) => [name, await portsOf()] as const)));
const portsAt = (name: string) => {
  const found = ports.get(name as (typeof REPLICAS)[number]);
  if (found === undefined) throw new Error(`There is no replica ${name}.`);
  return found;
};
const environmentOf = (name: string) => {
  const { tunnel, admin, ingress, peer } = portsAt(name);
  return {
    PENSTOCK_REPLICA: name,
    PENSTOCK_DATA: join(directory, name),
    PENSTOCK_STORE_URL: postgres.url(),
    PENSTOCK_TUNNEL_PORT: String(tunnel),
    PENSTOCK_ADMIN_PORT: String(admin),
    PENSTOCK_INGRESS_PORT: String(ingress),
    PENSTOCK_PEER_PORT: String(peer),
  };
};

const { pins, adminToken } = (await command(
  'gateway',
  ['init', '--config', 'gateway.yaml'],
  environmentOf('r1'),
  { directory: HERE },
)) as { pins: [string]; adminToken: { token: string } };
// The agent CA and the server certificate are the same everywhere.
for (const name of ['r2', 'r3']) await cp(join(directory, 'r1'), join(directory, name), { recursive: true });

const gateways = new Map<string, Program>();
const startReplica = async (name: string) => {
  const gateway = new Program('gateway', environmentOf(name), HERE);
  gateways.set(name, gateway);
  await gateway.line('ingress-listening');
  await gateway.line('admin-listening');
};
cleanup.defer(async () => {
  await Promise.all([...gateways.values()].map((gateway) => gateway.end('SIGKILL')));
});
await Promise.all(REPLICAS.map(startReplica));
for (const name of REPLICAS) {
  done(name, `agents ${portsAt(name).tunnel}, clients ${portsAt(name).ingress}, API ${portsAt(name).admin}`);
}

const balanced = { agents: await unusedPort(), clients: await unusedPort() };
const balancer = cleanup.use(
  await startBalancer(
    [
      {
        name: 'agents',
        sendsProxyHeader: true,
        port: balanced.agents,
        servers: REPLICAS.map((name) => ({ port: portsAt(name).tunnel })),
      },
      {
        name: 'clients',
        port: balanced.clients,
        servers: REPLICAS.map((name) => ({ port: portsAt(name).ingress, ready: portsAt(name).admin })),
      },
    ],
    directory,
  ),
);
done('load balancer', `${balancer.kind}: agents ${balanced.agents}, clients ${balanced.clients}`);

const api = async (name: string, request: string): Promise<{ items: Record<string, unknown>[] }> => {
  const response = await fetch(`http://127.0.0.1:${portsAt(name).admin}/api/v1${request}`, {
    headers: { authorization: `Bearer ${adminToken.token}` },
    signal: AbortSignal.timeout(5_000),
  });
  return (await response.json()) as { items: Record<string, unknown>[] };
};
/**
 * Waits until this replica sees every agent with all its sessions; those at `gone` do not count. Returns the milliseconds
 * that took.
 */
const agentsBack = async (name: string, gone?: string): Promise<number> => {
  const startedAt = performance.now();
  while (performance.now() - startedAt < BACK_TIMEOUT_MS) {
    const { items = [] } = await api(name, '/sessions').catch(() => ({ items: [] }));
    const ready = items
      .filter(({ state, replica }) => state === 'ready' && (gone === undefined || replica !== gone))
      .map(({ agent, slot }) => `${agent} ${slot}`);
    if (new Set(ready).size >= 2 * Object.keys(AGENTS).length)
      return Math.round(performance.now() - startedAt);
    await delay(50);
  }
  throw new Error(`The agents are not back after ${BACK_TIMEOUT_MS} ms.`);
};

const tokens = new Map<string, string>();
for (const pool of new Set(Object.values(AGENTS))) {
  const created = (await command('gateway', ['token', 'create', '--pool', pool, '--uses', '2'], {
    PENSTOCK_URL: `http://127.0.0.1:${portsAt('r2').admin}`,
    PENSTOCK_TOKEN: adminToken.token,
  })) as { token: string };
  tokens.set(pool, created.token);
}
const agents = Object.entries(AGENTS).map(
  ([name, pool]) =>
    new Program(
      'agent',
      {
        AGENT_NAME: name,
        AGENT_POOL: pool,
        AGENT_DATA: join(directory, name),
        PENSTOCK_GATEWAY_URL: `https://127.0.0.1:${balanced.agents}`,
        PENSTOCK_GATEWAY_PIN: pins[0],
        PENSTOCK_ENROLLMENT_TOKEN: tokens.get(pool) ?? '',
        ORDERS_DB_PORT: String(postgres.address.port),
        NO_PROXY: '127.0.0.1',
      },
      HERE,
    ),
);
cleanup.defer(async () => {
  await Promise.all(agents.map((agent) => agent.end('SIGTERM')));
});
for (const name of REPLICAS) await agentsBack(name);
done('four agents', 'two sessions each, at any replica; every replica sees all of them');

const target = postgres.clientConfig({ host: '127.0.0.1', port: balanced.clients });

title('All replicas are restarted one by one under load');
const load = new Load(target, WORKERS);
for (const name of REPLICAS) {
  await gateways.get(name)?.end('SIGTERM');
  await startReplica(name);
  await agentsBack(name);
  done(name, `restarted; ${load.counts.newConnections} connections so far, ${load.counts.failed} failed`);
}
await load.stop();
const rollingRestart = { ...load.counts };
if (load.problem !== undefined) done('first problem', load.problem);

title('r2 is killed');
await gateways.get('r2')?.end('SIGKILL');
const [firstSuccessMilliseconds, agentsBackMilliseconds] = await Promise.all([
  firstSuccess(target),
  agentsBack('r1', 'r2'),
]);
done('clients', `the next one succeeded after ${firstSuccessMilliseconds} ms`);
done('agents', `all sessions were back after ${agentsBackMilliseconds} ms`);

const result = {
  replicas: REPLICAS.length,
  rollingRestart,
  killed: { firstSuccessMilliseconds, agentsBackMilliseconds },
};
if (!options.once) {
  await startReplica('r2');
  title('Try it yourself');
  done('psql', `psql "${postgres.url({ host: '127.0.0.1', port: balanced.clients })}"`);
  done('replicas', `PENSTOCK_URL=http://127.0.0.1:${portsAt('r1').admin} PENSTOCK_TOKEN=${adminToken.token}`);
  done('', 'npx penstock-gateway replica list');
  await interrupted;
}
await cleanup.disposeAsync();
if (options.output === 'json') process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit();
