import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gatewayFile, makeSite } from '../processes/programs.ts';
import { startBalancer } from '../rig/balancer.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { runCli } from '../rig/run-cli.ts';
import { startEcho } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { type ConfigFleet, ended, quickly, startConfigFleet } from './config-fleet.ts';
import { keepConnecting } from './keep-connecting.ts';

type Items<Item> = { readonly items: readonly Item[] };

const names = ['a1', 'a2', 'a3'];
const within = 60_000;
/** In every file of the gateway. The canary has time to return until another replica leads. */
const shared = {
  store: { url: '${env:DATABASE_URL}' },
  pools: [
    {
      name: 'dc1',
      pinning: 'enforce',
      minReady: 1,
      upgrade: { ...quickly, soak: '5s', probation: '10s', deadline: '5m' },
    },
  ],
  ejection: { consecutiveFailures: 1000 },
};

const clusterOf = (name: string, port: number) => ({
  cluster: { name, listen: `127.0.0.1:${port}`, advertise: `127.0.0.1:${port}` },
});

/** A second replica in a process of its own, which takes the lead. */
async function startLeader(pair: Pair, environment: Readonly<Record<string, string>>) {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await makeSite());
  await cp(join(pair.directory, 'gateway'), join(site.directory, 'gateway-data'), { recursive: true });
  const [tunnel, peers, ingress] = [await unusedPort(), await unusedPort(), await unusedPort()];
  const orders = {
    name: 'orders',
    connector: 'orders',
    pools: ['dc1'],
    ingress: [{ tcp: `127.0.0.1:${ingress}`, allow: ['127.0.0.0/8'] }],
  };
  const listen = { tunnel: `127.0.0.1:${tunnel}`, admin: '127.0.0.1:0' };
  const file = gatewayFile({ ...shared, ...clusterOf('leader', peers), listen, connections: [orders] });
  await site.write('gateway.yaml', file);
  const process = await site.start('gateway', 'gateway.yaml', environment);
  await process.json({ event: 'tunnel-listening' }, within);
  await pair.gateway.stop();
  await process.json({ event: 'leader-elected' }, within);
  await pair.restartGateway();
  const held = stack.move();
  return { tunnel, process, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Rolls version 2 out until the rollout goes back. The canary still runs it then. */
async function rollOutUntilItReturns(fleet: ConfigFleet, port: number) {
  const stop = new AbortController();
  const clients = keepConnecting(() => port, stop.signal);
  const { id } = await fleet.create(2);
  const halted = await fleet.follow(id, ({ state }) => state === 'rolling-back', 2, 2);
  stop.abort();
  await clients;
  return halted;
}

/** Waits until every agent is connected, as this replica sees it, and runs a version. */
async function allRun(pair: Pair, version: number): Promise<void> {
  for (const name of names) {
    await eventually(`${name} to be connected and to run version ${version}`, async () => {
      const { state, config } = (await pair.api(`GET /agents/${name}`)) as {
        state?: string;
        config?: { version?: number };
      };
      assert.deepEqual({ state, version: config?.version }, { state: 'connected', version });
      return true;
    });
  }
}

test('a rollback goes on when the replica that leads it is killed', async () => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start();
  await using echo = await startEcho();
  const environment = { DATABASE_URL: postgres.url() };
  let tunnel = 0;
  await using balancer = await startBalancer(() => tunnel);
  await using fleet = await startConfigFleet({
    targets: { orders: echo.address.port },
    agents: {},
    environment,
    gateway: { ...shared, ...clusterOf('survivor', await unusedPort()) },
    agent: { connectors: [], gateway: { url: `https://127.0.0.1:${balancer.port}` } },
  });
  const { pair } = fleet;
  await using leader = await startLeader(pair, environment);
  tunnel = leader.tunnel;
  const connector = (port: number) => ({
    connectors: [{ name: 'orders', kind: 'tcp', address: `127.0.0.1:${port}` }],
  });
  await fleet.publish(1, connector(echo.address.port));
  for (const name of names) {
    await pair.startAgent(name);
    await pair.connected(name);
    fleet.deploy(name, 1);
  }
  await allRun(pair, 1);
  await pair.api('PUT /pins/pools/dc1', { version: 1 });
  await fleet.publish(2, connector(await unusedPort()));

  // Whoever leads judges by the clients of both.
  const { id, reason = '' } = await rollOutUntilItReturns(fleet, pair.port('orders'));
  assert.match(reason, /^Canary a\d failed: \d+ of \d+ opens failed; through the others, 0 of \d+\.$/);
  await leader.process.stop('SIGKILL');
  tunnel = pair.gateway.tunnel.port;
  const leads = () => pair.logged.filter(({ event }) => event === 'leader-elected').length;
  await eventually('the other replica to lead', () => leads() === 2, { within });
  assert.equal((await fleet.show(id)).state, 'rolling-back', 'the canary still runs version 2');
  const back = await fleet.follow(id, ended, 2, 1);
  assert.equal(back.state, 'rolled-back', JSON.stringify(back));
  assert.equal(back.reason, reason);
  assert.deepEqual(back.agents.map(({ state }) => state).sort(), ['pending', 'pending', 'rolled-back']);

  await allRun(pair, 1);
  const { items: sessions } = (await pair.api('GET /sessions')) as unknown as Items<{ replica?: string }>;
  assert.deepEqual(new Set(sessions.map(({ replica }) => replica)), new Set([undefined]));
  const { items: pins } = (await pair.api('GET /pins')) as unknown as Items<{
    scope: string;
    version: number;
  }>;
  assert.deepEqual(
    pins.map(({ scope, version }) => ({ scope, version })),
    [{ scope: 'pool', version: 1 }],
  );
  const { items: audit } = (await pair.api(`GET /audit?subject=rollout:${id}`)) as unknown as Items<{
    readonly after?: { readonly state?: string; readonly reason?: string };
  }>;
  assert.deepEqual(audit.flatMap(({ after }) => (after?.reason === reason ? [after.state] : [])).reverse(), [
    'halted',
    'rolling-back',
    'rolled-back',
  ]);
  const shown = await runCli(['rollout', 'show', id], {
    PENSTOCK_URL: `http://127.0.0.1:${pair.gateway.admin.port}`,
    PENSTOCK_TOKEN: pair.adminToken,
  });
  assert.ok(
    shown.stdout.includes('rolled-back') && shown.stdout.includes(reason),
    shown.stdout + shown.stderr,
  );
});
