import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionSnapshot } from '../../src/alerts/fleet-snapshot.ts';
import { type AttentionSources, attentionOf } from '../../src/attention/attention.ts';
import { SampleHistory } from '../../src/history/sample-history.ts';
import { type FleetScene, fleetScene, HOUR, SECOND } from '../fleet/fleet-scene.ts';

const names = Array.from({ length: 300 }, (_, index) => `h${String(index).padStart(3, '0')}`);
const routes = [
  { name: 'orders', connector: 'orders-db', pools: ['dc1', 'dc2'] },
  { name: 'billing', connector: 'billing-db', pools: ['dc1'] },
  { name: 'other', connector: 'orders-db', pools: ['dc2'] },
];
const health = {
  failingOpensPercent: 50,
  failingOpensMinimum: 3,
  failingOpensWindow: 300_000,
  certificateExpiryWarning: HOUR,
};

function sourcesOf(scene: FleetScene, more: Partial<AttentionSources> = {}): AttentionSources {
  const { fleet, clock } = scene;
  return {
    fleet: {
      listed: (order, after) => fleet.listed(order, after),
      pools: () => [
        {
          name: 'dc1',
          pinning: 'enforce',
          minReady: 1,
          queue: { waiting: 0, limit: 64 },
          requireApproval: [],
          ...fleet.countsOf('dc1'),
        },
      ],
      certificateNotAfter: () => clock.wall() + 30 * 24 * HOUR,
    },
    connections: () => routes,
    openOutcomes: () => [],
    samples: { ofPool: () => undefined },
    health: () => health as never,
    firing: () => [],
    readiness: () => ({ ready: true, reasons: [] }),
    outage: () => undefined,
    clock,
    ...more,
  };
}

async function found(scene: FleetScene, more: Partial<AttentionSources> = {}) {
  const finding = attentionOf(sourcesOf(scene, more))();
  await scene.clock.pass(0);
  return finding;
}

const refusedOnce: ConnectionSnapshot = {
  connection: 'orders',
  opened: 0,
  failed: 1,
  codes: [{ code: 'REFUSED', count: 1 }],
  sinceOpened: undefined,
  sinceFailed: 10,
  idle: 10,
};
const refused = { connector: 'orders-db', reach: 'refused' as const, at: 1, detail: '10.0.0.5:5432' };

test('a healthy fleet needs no attention', async () => {
  const scene = await fleetScene(names);
  for (const agent of names) scene.open({ agent });
  assert.deepEqual((await found(scene)).groups, []);
});

test('agents are grouped by condition and connector, with the affected connections and since when', async () => {
  const scene = await fleetScene(names);
  const sessions = names.slice(0, 200).map((agent) => scene.open({ agent }));
  const since = scene.clock.wall();
  for (const session of sessions.slice(0, 7)) scene.beat(session, { checks: [refused] });
  await scene.clock.pass(5 * SECOND);
  for (const session of sessions.slice(7, 9)) {
    scene.beat(session, { checks: [{ ...refused, reach: 'silent', detail: 'no answer' }] });
  }
  const { groups, total } = await found(scene);
  assert.equal(total, 3);
  const byCode = groups.map(({ code, reach, count, severity }) => [severity, code, reach, count]);
  assert.deepEqual(byCode, [
    ['warning', 'NO_SESSION', undefined, 100],
    ['warning', 'CONNECTOR_FAILING', 'refused', 7],
    ['warning', 'CONNECTOR_FAILING', 'silent', 2],
  ]);
  const [away, failing] = groups;
  assert.deepEqual(away?.connections, ['orders', 'billing']);
  assert.equal(failing?.message, 'The target refused the connection.');
  assert.match(failing?.advice ?? '', /service is running/);
  assert.equal(failing?.detail, '10.0.0.5:5432');
  assert.equal(failing?.since, since);
  assert.deepEqual(failing?.agents, names.slice(0, 5));
  assert.deepEqual([failing?.connections, failing?.connectionsTotal], [['orders'], 1]);
});

test('a connector that no agent of the pool reaches is critical, and so is what clients already notice', async () => {
  const scene = await fleetScene(['h1', 'h2']);
  for (const agent of ['h1', 'h2']) scene.beat(scene.open({ agent }), { checks: [refused] });
  const { groups } = await found(scene, {
    openOutcomes: () => [
      {
        connection: 'orders',
        opened: 0,
        failed: 4,
        codes: [{ code: 'TARGET_RESET', count: 4 }],
        sinceOpened: undefined,
        sinceFailed: 10,
        idle: 10,
      },
    ],
    firing: () => [{ condition: 'connection-failing', subject: 'connection:orders', since: 123 }],
    outage: () => ({ kind: 'disk-full', since: 456 }),
    readiness: () => ({ ready: false, reasons: ['The gateway is draining.'] }),
  });
  assert.deepEqual(
    groups.map(({ severity, code, since }) => [severity, code, since]),
    [
      ['critical', 'GATEWAY_NOT_READY', undefined],
      ['critical', 'CONNECTOR_FAILING', scene.clock.wall()],
      ['critical', 'connection-failing', 123],
      ['warning', 'STORE_UNAVAILABLE', 456],
    ],
  );
  assert.equal(groups[2]?.advice, 'See which stage fails, and for which clients.');
});

test('one refused client needs attention, until one is served again; alerts wait for more of them', async () => {
  const scene = await fleetScene(['h1']);
  scene.open({ agent: 'h1' });
  const severities = async (outcome: Partial<ConnectionSnapshot>) => {
    const { groups } = await found(scene, { openOutcomes: () => [{ ...refusedOnce, ...outcome }] });
    return groups.map(({ severity, code, detail }) => [severity, code, detail]);
  };
  const detail = (opens: string) =>
    `${opens} opens in the last 5 min failed: 1 × REFUSED. The target refused the connection.`;
  assert.deepEqual(await severities({}), [['warning', 'connection-failing', detail('1 of 1')]]);
  assert.deepEqual(await severities({ opened: 2, sinceOpened: 60_000 }), [
    ['warning', 'connection-failing', detail('1 of 3')],
  ]);
  // The failure has left the window, and nobody has been served since.
  const quiet = { failed: 0, codes: [], sinceFailed: 600_000, idle: 600_000 };
  assert.deepEqual(await severities(quiet), [
    ['warning', 'connection-failing', 'Nobody has connected since the latest open failed.'],
  ]);
  assert.deepEqual(await severities({ ...quiet, sinceOpened: 500_000 }), []);
  assert.deepEqual(await severities({ ...quiet, idle: HOUR }), []);
  // A busy connection of which one open fails now and then.
  assert.deepEqual(await severities({ opened: 100, sinceOpened: 50 }), []);
  assert.deepEqual(await severities({ opened: 1, sinceOpened: 10, sinceFailed: 20 }), []);
});

test('an empty pool and a drained agent: one is critical, the other was wanted', async () => {
  const scene = await fleetScene(['h1']);
  scene.fleet.update(scene.roster.put({ id: 'h1', name: 'h1', pool: 'dc1', drainedAt: scene.clock.wall() }));
  const { groups } = await found(scene);
  assert.deepEqual(
    groups.map(({ severity, code }) => [severity, code]),
    [
      ['critical', 'pool-below-min-ready'],
      ['warning', 'NO_SESSION'],
      ['notice', 'DRAINED_BY_OPERATOR'],
    ],
  );
  assert.equal(groups[0]?.detail, '0 of at least 1 agents are ready.');
});

test('without an alert rule, what was measured says since when a pool has been short of agents', async () => {
  const scene = await fleetScene(['h1']);
  const samples = new SampleHistory();
  const ready = (value: number) =>
    samples.addPools(
      [
        {
          name: 'dc1',
          ready: value,
          sessions: 0,
          streams: { open: 0, opening: 0 },
          queue: { waiting: 0, limit: 64 },
        },
      ],
      scene.clock.wall(),
    );
  const since = async () => (await found(scene, { samples })).groups[0]?.since;
  assert.equal(await since(), scene.clock.wall());
  ready(1);
  assert.equal(await since(), scene.clock.wall());
  await scene.clock.pass(10 * SECOND);
  ready(0);
  const began = Math.floor(scene.clock.wall() / 10_000) * 10_000;
  await scene.clock.pass(10 * 60 * SECOND);
  ready(0);
  assert.equal(await since(), began);
  // Older than the points of ten seconds: those of a minute say so.
  await scene.clock.pass(2 * HOUR);
  ready(0);
  assert.equal(await since(), Math.floor(began / 60_000) * 60_000);
});

test('a connection keeps failing if an alert would fire; otherwise its latest open failed, and nobody knows since when', async () => {
  const scene = await fleetScene(['h1']);
  scene.open({ agent: 'h1' });
  const groupOf = async (outcome: Partial<ConnectionSnapshot>) => {
    const openOutcomes = () => [{ ...refusedOnce, ...outcome }];
    const [group] = (await found(scene, { openOutcomes })).groups;
    return { severity: group?.severity, since: group?.since, message: group?.message.split(':')[0] };
  };
  const keepsFailing = 'Opens of a connection keep failing';
  const lastFailed = 'The latest open of a connection failed';
  // A nightly job: its last success says nothing about when the target began to refuse.
  assert.deepEqual(await groupOf({ failed: 4, sinceOpened: 20 * HOUR }), {
    severity: 'critical',
    since: undefined,
    message: keepsFailing,
  });
  assert.deepEqual(await groupOf({ failed: 4, opened: 96, sinceOpened: 60_000 }), {
    severity: 'warning',
    since: undefined,
    message: lastFailed,
  });
});

test('many pages share one look at the fleet', async () => {
  const scene = await fleetScene(['h1']);
  let looks = 0;
  const sources = sourcesOf(scene, {
    openOutcomes: () => {
      looks += 1;
      return [];
    },
  });
  const attention = attentionOf(sources);
  const all = Promise.all([attention(), attention(), attention()]);
  await scene.clock.pass(0);
  assert.equal(new Set(await all).size, 1);
  await scene.clock.pass(SECOND);
  const again = attention();
  await scene.clock.pass(0);
  await again;
  assert.equal(looks, 2);
});
