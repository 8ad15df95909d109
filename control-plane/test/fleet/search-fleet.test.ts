import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SLICE_ITEMS } from '@penstock/runtime';
import type { FleetFilter, FleetOrder } from '../../src/fleet/search-fleet.ts';
import { type FleetPlace, searchFleet } from '../../src/fleet/search-fleet.ts';
import { SeverityOrder } from '../../src/fleet/severity-order.ts';
import { type FleetScene, fleetScene, SECOND } from './fleet-scene.ts';

const COUNT = 1_000;
const names = Array.from({ length: COUNT }, (_, index) => `a${String(index).padStart(4, '0')}`);

async function mixedFleet(): Promise<FleetScene> {
  const scene = await fleetScene(names);
  for (const [index, agent] of names.entries()) {
    if (index % 10 === 0) continue;
    scene.open({ agent, address: `192.0.2.${index % 250}`, version: index % 2 === 0 ? 12 : 13 });
  }
  for (const id of names.slice(500, 600)) {
    scene.pins.set(id, { version: 12, digest: 'sha256:twelve', mode: 'enforce', scope: 'agent' });
  }
  const judged = scene.fleet.judgeAll();
  await scene.clock.pass(0);
  await judged;
  return scene;
}

async function everyPage(scene: FleetScene, filter: FleetFilter, order: FleetOrder, limit = 70) {
  const found: string[] = [];
  let after: FleetPlace | undefined;
  for (;;) {
    const searching = searchFleet(scene.fleet, { filter, order, after, limit }, scene.clock);
    await scene.clock.pass(0);
    const page = await searching;
    found.push(...page.names);
    if (page.next === undefined) return { found, total: page.total, counts: page.counts };
    assert.equal(page.names.length, limit);
    after = page.next;
  }
}

test('pages by severity list every agent once, the most severe states first', async () => {
  const scene = await mixedFleet();
  const { found, total, counts } = await everyPage(scene, {}, 'severity');
  assert.equal(total, COUNT);
  assert.deepEqual([counts.quarantined, counts.disconnected, counts.connected], [50, 100, 850]);
  assert.deepEqual(found.toSorted(), names);
  const states = found.map((name) => scene.fleet.agent(name)?.state);
  assert.deepEqual(
    [...Map.groupBy(states, (state) => state)].map(([state, all]) => [state, all.length]),
    [
      ['quarantined', 50],
      ['disconnected', 100],
      ['connected', 850],
    ],
  );
  assert.deepEqual(found.slice(0, 50), found.slice(0, 50).toSorted());
});

test('every filter finds exactly what a look at each agent finds, in both orders, with counts of all pages', async () => {
  const scene = await mixedFleet();
  const views = names.flatMap((name) => scene.fleet.agent(name) ?? []);
  const filters: readonly [FleetFilter, (view: (typeof views)[number]) => boolean][] = [
    [{ q: 'A00' }, ({ name }) => name.includes('a00')],
    [{ q: '192.0.2.7' }, ({ address = '' }) => address.includes('192.0.2.7')],
    [{ states: new Set(['quarantined', 'stale']) }, ({ state }) => state === 'quarantined'],
    [{ codes: new Set(['NO_SESSION']) }, ({ state }) => state === 'disconnected'],
    [{ drifts: new Set(['version']) }, ({ pin }) => pin?.drift === 'version'],
    [{ configVersion: 13, pool: 'dc1' }, ({ config }) => config?.version === 13],
    [{ softwareVersion: '0.1.0' }, ({ softwareVersion }) => softwareVersion === '0.1.0'],
    [{ pool: 'dc2' }, () => false],
    [{ connector: 'nothing' }, () => false],
  ];
  for (const [filter, matches] of filters) {
    const expected = views.filter(matches).map(({ name }) => name);
    for (const order of ['name', 'severity'] as const) {
      const { found, total, counts } = await everyPage(scene, filter, order, 33);
      assert.deepEqual(found.toSorted(), expected, JSON.stringify(filter));
      assert.equal(total, expected.length);
      assert.equal(
        Object.values(counts).reduce((sum, count) => sum + count),
        total,
      );
    }
  }
});

test('the order is kept as agents change, and a search is sliced', async () => {
  const scene = await mixedFleet();
  scene.open({ agent: 'a0000' });
  const first = scene.fleet.listed('severity').next().value;
  assert.equal(first?.state, 'quarantined');
  await scene.clock.pass(61 * SECOND);
  scene.fleet.judgeDue();
  await scene.clock.pass(0);
  assert.equal(scene.fleet.stateCounts.stale, 950, 'the others are still quarantined');
  scene.countSlices();
  let turns = 0;
  const counting = {
    ...scene.clock,
    afterPoll: (callback: () => void) => {
      turns += 1;
      return scene.clock.afterPoll(callback);
    },
  };
  const searching = searchFleet(
    scene.fleet,
    { filter: { q: 'a' }, order: 'severity', after: undefined, limit: 10 },
    counting,
  );
  await scene.clock.pass(0);
  assert.equal((await searching).total, COUNT);
  assert.ok(turns >= COUNT / MAX_SLICE_ITEMS - 1, `${turns} turns`);
});

test('names that change their state while they are read do not end the listing', () => {
  const order = new SeverityOrder();
  for (const name of ['b', 'a', 'd', 'c']) order.set(name, 'connected');
  const seen: string[] = [];
  for (const name of order.after()) {
    seen.push(name);
    if (name === 'b') order.set('b', 'stale');
    if (name === 'c') order.set('d', undefined);
  }
  assert.deepEqual(seen, ['a', 'b', 'c']);
  assert.deepEqual([...order.after()], ['b', 'a', 'c']);
  assert.deepEqual([order.counts.stale, order.counts.connected], [1, 2]);
  order.set('nobody', undefined);
});
