import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startEcho } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { ended, quickly, startConfigFleet } from './config-fleet.ts';
import { keepConnecting } from './keep-connecting.ts';

const agents = { a1: 'dc1', a2: 'dc1', a3: 'dc1' };
const pools = (upgrade = quickly) => [{ name: 'dc1', pinning: 'enforce', minReady: 1, upgrade }];

type PinShown = { readonly scope: string; readonly version: number; readonly pinnedBy: string };

test('a configuration reaches every agent by canary and groups, and becomes the pin of the pool', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using fleet = await startConfigFleet({
    targets: { orders: echo.address.port },
    agents,
    gateway: { pools: pools() },
  });
  const { pair } = fleet;
  await fleet.publish(1);
  for (const name of Object.keys(agents)) fleet.deploy(name, 1);
  await pair.api('PUT /pins/pools/dc1', { version: 1 });
  await fleet.publish(2, { log: { level: 'debug' } });
  const { id } = await fleet.create(2);
  const rollout = await fleet.follow(id, ended, 2, 1);
  assert.equal(rollout.state, 'done', JSON.stringify(rollout));
  assert.deepEqual(
    rollout.agents.map(({ state }) => state),
    ['updated', 'updated', 'updated'],
  );
  assert.equal(rollout.agents.filter(({ group }) => group === 0).length, 1);
  const { items } = (await pair.api('GET /pins')) as unknown as { items: readonly PinShown[] };
  assert.deepEqual(
    items.map(({ scope, version, pinnedBy }) => ({ scope, version, pinnedBy })),
    [{ scope: 'pool', version: 2, pinnedBy: `rollout:${id}` }],
  );
  for (const name of Object.keys(agents)) {
    assert.equal((await pair.api(`GET /agents/${name}`))['state'], 'connected');
  }
});

test('one that cannot dial is halted at the canary and goes back; a freeze and a restart only delay the next', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using fleet = await startConfigFleet({
    targets: { orders: echo.address.port },
    agents,
    gateway: {
      pools: pools({ ...quickly, soak: '3s', probation: '10s' }),
      ejection: { consecutiveFailures: 1000 },
    },
    agent: { connectors: [] },
  });
  const { pair } = fleet;
  const connector = (port: number) => ({
    connectors: [{ name: 'orders', kind: 'tcp', address: `127.0.0.1:${port}` }],
  });
  await fleet.publish(1, connector(echo.address.port));
  for (const name of Object.keys(agents)) fleet.deploy(name, 1);
  await pair.api('PUT /pins/pools/dc1', { version: 1 });
  await fleet.publish(2, connector(await unusedPort()));

  const stop = new AbortController();
  const clients = keepConnecting(() => pair.port('orders'), stop.signal);
  const bad = await fleet.create(2);
  const back = await fleet.follow(bad.id, ended, 2, 1);
  stop.abort();
  assert.deepEqual(await clients, { failed: 0 }, 'other agents serve what the canary cannot');
  assert.equal(back.state, 'rolled-back', JSON.stringify(back));
  assert.match(
    back.reason ?? '',
    /^Canary a\d failed: \d+ of \d+ opens failed; through the others, 0 of \d+\.$/,
  );
  assert.equal(back.agents.filter(({ state }) => state === 'rolled-back').length, 1);
  assert.equal(back.agents.filter(({ state }) => state === 'pending').length, 2);
  const { items: pins } = (await pair.api('GET /pins')) as unknown as { items: readonly PinShown[] };
  assert.deepEqual(
    pins.map(({ scope, version }) => ({ scope, version })),
    [{ scope: 'pool', version: 1 }],
  );
  const { items: audit } = (await pair.api(`GET /audit?subject=rollout:${bad.id}`)) as unknown as {
    items: readonly {
      readonly action: string;
      readonly after?: { readonly state?: string; readonly reason?: string };
    }[];
  };
  assert.ok(audit.some(({ after }) => after?.state === 'halted' && after.reason === back.reason));
  await pair.event('rollout-halted', { past: true, where: ({ id }) => id === bad.id });

  const today = new Date().toISOString().slice(0, 10);
  await fleet.publish(3, { ...connector(echo.address.port), log: { level: 'debug' } });
  const good = await fleet.create(3);
  await fleet.follow(good.id, ({ state }) => state === 'soaking', 3, 1);
  await pair.gateway.stop();
  await pair.restartGateway({ freezes: [{ name: 'year-end', from: today, to: '2099-12-31' }] });
  const frozen = await fleet.follow(
    good.id,
    ({ state, waitsFor }) => state === 'group' && waitsFor !== undefined,
    3,
    1,
  );
  assert.equal(frozen.waitsFor, 'Freeze year-end lasts through 2099-12-31.');
  assert.equal(frozen.agents.filter(({ state }) => state === 'updated').length, 1);
  await pair.gateway.stop();
  await pair.restartGateway();
  assert.equal((await fleet.follow(good.id, ended, 3, 1)).state, 'done');
});
