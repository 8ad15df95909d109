import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetScene, HOUR, SECOND } from './fleet-scene.ts';

test('an agent that never connected is disconnected, and stale after health.staleAfter', async () => {
  const { fleet, clock, codes } = await fleetScene();
  assert.deepEqual(codes(), ['NO_SESSION']);
  await clock.pass(60 * SECOND);
  fleet.judgeDue();
  assert.equal(fleet.agent('a1')?.state, 'disconnected');
  await clock.pass(1);
  fleet.judgeDue();
  const stale = fleet.agent('a1');
  assert.deepEqual([stale?.state, stale?.code], ['stale', 'HEARTBEAT_MISSING']);
  assert.equal(stale?.since, clock.wall() - 1);
  assert.match(stale?.detail ?? '', /^It has sent none since this gateway started\.$/);
  assert.deepEqual(codes(), ['HEARTBEAT_MISSING', 'NO_SESSION']);
});

test('an agent with all its sessions is connected; missing sessions are reported with their number', async () => {
  const { fleet, open, change, codes, changes } = await fleetScene();
  const first = open({ wanted: 2 });
  assert.deepEqual(codes(), ['SESSIONS_MISSING']);
  assert.equal(fleet.agent('a1')?.detail, 'It has 1 of 2 sessions.');
  const second = open({ wanted: 2, index: 1 });
  assert.deepEqual(codes(), ['CONNECTED']);
  change(second, 'ended');
  assert.deepEqual(codes(), ['SESSIONS_MISSING']);
  change(first, 'draining');
  assert.deepEqual(codes(), ['AGENT_LEAVING', 'SESSIONS_MISSING']);
  change(first, 'ended');
  assert.deepEqual(codes(), ['NO_SESSION']);
  assert.deepEqual(
    changes.map(({ agent }) => agent.state),
    ['degraded', 'connected', 'degraded', 'draining', 'disconnected'],
  );
  assert.equal(changes[1]?.before?.[0]?.code, 'SESSIONS_MISSING');
});

test('a session without heartbeats is stale, until the next one', async () => {
  const { fleet, clock, open, beat, codes } = await fleetScene();
  const session = open();
  await clock.pass(50 * SECOND);
  beat(session);
  await clock.pass(55 * SECOND);
  fleet.judgeDue();
  assert.deepEqual(codes(), ['CONNECTED']);
  await clock.pass(6 * SECOND);
  fleet.judgeDue();
  assert.deepEqual(codes(), ['HEARTBEAT_MISSING']);
  assert.equal(fleet.isSuspended('a1'), false, 'its sessions answer pings, so opens can still be tried');
  beat(session);
  assert.deepEqual(codes(), ['CONNECTED']);
});

test('the last heartbeat decides whether the check of a connector counts as failing', async () => {
  const { fleet, clock, open, beat, change } = await fleetScene();
  assert.equal(fleet.checkFails('a1', 'orders-db'), false);
  const session = open();
  const checks = (reach: 'ready' | 'refused') => [{ connector: 'orders-db', reach, at: clock.wall() }];
  beat(session, { checks: checks('refused') });
  assert.deepEqual(
    [fleet.checkFails('a1', 'orders-db'), fleet.checkFails('a1', 'billing-db')],
    [true, false],
  );
  change(session, 'ended');
  assert.equal(fleet.checkFails('a1', 'orders-db'), true, 'the end of a session changes nothing');
  beat(open(), { checks: checks('ready') });
  assert.equal(fleet.checkFails('a1', 'orders-db'), false);
});

test('of several clock readings the one with the shortest round trip counts', async () => {
  const { fleet, clock, open, beat, codes } = await fleetScene();
  const session = open();
  beat(session, { clock: { offset: -2_000, roundTrip: 4 } });
  beat(session, { clock: { offset: 40_000, roundTrip: 90_000 } });
  assert.deepEqual(fleet.agent('a1')?.clock, { skew: 2_000, roundTrip: 4 });
  assert.deepEqual(codes(), ['CONNECTED']);
  for (let count = 0; count < 8; count += 1) {
    await clock.pass(SECOND);
    beat(session, { clock: { offset: 45_000, roundTrip: 20 } });
  }
  assert.deepEqual(codes(), ['CLOCK_SKEW']);
  assert.equal(fleet.agent('a1')?.detail, 'It is 45.0 s behind.');
});

test('a difference within the uncertainty of the round trip is not skew', async () => {
  const { open, beat, codes } = await fleetScene();
  beat(open(), { clock: { offset: 35_000, roundTrip: 12_000 } });
  assert.deepEqual(codes(), ['CONNECTED']);
});

test('a failing connector is named, with the stage its check reached', async () => {
  const { fleet, clock, open, beat, codes } = await fleetScene();
  const session = open();
  const at = clock.wall();
  beat(session, {
    checks: [
      { connector: 'orders-db', reach: 'refused', at },
      { connector: 'stock', reach: 'ready', at },
    ],
  });
  assert.deepEqual(codes(), ['CONNECTOR_FAILING']);
  assert.equal(fleet.agent('a1')?.detail, 'orders-db (refused).');
  beat(session, { checks: [{ connector: 'orders-db', reach: 'ready', at }] });
  assert.deepEqual(codes(), ['CONNECTED']);
});

test('an overdue renewal degrades the agent, and an expired identity suspends it', async () => {
  const { fleet, clock, open, beat, codes } = await fleetScene();
  const session = open();
  await clock.pass(20 * HOUR - SECOND);
  beat(session);
  assert.deepEqual(codes(), ['CONNECTED']);
  await clock.pass(2 * SECOND);
  beat(session);
  assert.deepEqual(codes(), ['IDENTITY_EXPIRING']);
  await clock.pass(4 * HOUR);
  beat(session);
  assert.deepEqual(codes(), ['IDENTITY_EXPIRED']);
  assert.equal(fleet.isSuspended('a1'), true);
});

test('drift from an enforced pin suspends the agent until its file or the pin changes', async () => {
  const { fleet, open, pins, codes, announced } = await fleetScene();
  const session = open();
  pins.set('a1', { version: 13, digest: 'sha256:thirteen', mode: 'enforce', scope: 'pool' });
  await fleet.judgeAll();
  assert.deepEqual([codes(), fleet.isSuspended('a1')], [['CONFIG_DRIFT'], true]);
  assert.equal(fleet.agent('a1')?.detail, 'It runs version 12, but version 13 is pinned.');
  assert.equal(fleet.agent('a1')?.pin?.drift, 'version');
  assert.equal(announced.at(-1)?.verdict.state, 'quarantined');
  const { hello } = session;
  if (hello !== undefined) session.hello = { ...hello, config: { version: 13, digest: 'sha256:thirteen' } };
  fleet.follow(session);
  assert.deepEqual([codes(), fleet.isSuspended('a1')], [['CONNECTED'], false]);
  pins.set('a1', { version: 13, digest: 'sha256:other', mode: 'enforce', scope: 'agent' });
  await fleet.judgeAll();
  assert.equal(fleet.agent('a1')?.pin?.drift, 'content');
  assert.match(fleet.agent('a1')?.detail ?? '', /changed without a new version/);
  pins.delete('a1');
  await fleet.judgeAll();
  assert.deepEqual([codes(), announced.at(-1)?.verdict.pin], [['CONNECTED'], undefined]);
});

test('with pinning warn, drift degrades the agent; with off, it is only reported', async () => {
  const { fleet, open, pins, codes } = await fleetScene();
  open();
  pins.set('a1', { version: 13, digest: 'sha256:thirteen', mode: 'warn', scope: 'pool' });
  await fleet.judgeAll();
  assert.deepEqual(
    [fleet.agent('a1')?.state, codes(), fleet.isSuspended('a1')],
    ['degraded', ['CONFIG_DRIFT'], false],
  );
  pins.set('a1', { version: 13, digest: 'sha256:thirteen', mode: 'off', scope: 'pool' });
  await fleet.judgeAll();
  assert.deepEqual([codes(), fleet.agent('a1')?.pin?.drift], [['CONNECTED'], 'version']);
});

test('the state in the store takes precedence over the state of the sessions', async () => {
  const { fleet, roster, clock, open, codes, announced } = await fleetScene();
  open();
  const at = clock.wall();
  fleet.update(roster.put({ id: 'a1', name: 'a1', pool: 'dc1', drainedAt: at }));
  assert.deepEqual([codes(), fleet.isSuspended('a1')], [['DRAINED_BY_OPERATOR'], true]);
  assert.deepEqual(announced.at(-1)?.verdict, { pin: undefined, state: 'draining' });
  fleet.update(roster.put({ id: 'a1', name: 'a1', pool: 'dc1', revokedAt: at }));
  assert.deepEqual(codes(), ['IDENTITY_REVOKED', 'DRAINED_BY_OPERATOR']);
});

test('a revoked agent is hidden when its name has a new owner', async () => {
  const { fleet, roster, clock } = await fleetScene(['a1', 'b1']);
  fleet.update(roster.put({ id: 'a1', name: 'a1', pool: 'dc1', revokedAt: clock.wall() }));
  assert.equal(fleet.agent('a1')?.state, 'revoked');
  fleet.update(roster.put({ id: 'a1-again', name: 'a1', pool: 'dc1', enrolledAt: clock.wall() }));
  assert.equal(fleet.agent('a1')?.id, 'a1-again');
  assert.deepEqual(
    [...fleet.agentsAfter('')].map(({ id }) => id),
    ['a1-again', 'b1'],
  );
});

test('samples are bounded, and parallel sessions are combined', async () => {
  const { fleet, clock, open, beat } = await fleetScene();
  const sessions = [open({ wanted: 2 }), open({ wanted: 2, index: 1 })];
  for (let count = 0; count < 100; count += 1) {
    for (const session of sessions) beat(session);
    await clock.pass(SECOND);
  }
  const samples = fleet.samplesOf('a1');
  assert.equal(samples.length, 60);
  assert.equal(samples.at(-1)?.at, clock.wall() - SECOND);
});
