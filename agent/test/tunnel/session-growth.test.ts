import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { SessionGrowth } from '../../src/tunnel/session-growth.ts';

const MINUTE = 60_000;

/** An agent with two sessions, whose link moves `rate` bytes a millisecond. */
function setUp() {
  const clock = fakeClock();
  const link = { rate: 100, bytes: 0, isRetiring: false, least: 2, most: 16 };
  const changes: number[] = [];
  const growth = new SessionGrowth({
    least: () => link.least,
    most: () => link.most,
    bytesMoved: () => link.bytes,
    isRetiring: () => link.isRetiring,
    onChanged: (sessions) => changes.push(sessions),
    clock,
  });
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 500) {
      link.bytes += 500 * link.rate;
      await clock.pass(500);
    }
  };
  const congested = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      growth.congested();
      await pass(1_000);
    }
  };
  return { growth, link, changes, pass, congested, clock };
}

test('the sessions double while more of them move more, up to the most', async () => {
  const { growth, link, changes, congested } = setUp();
  link.most = 10;
  await congested(2);
  assert.deepEqual(changes, [], 'what they move is measured first');
  await congested(1);
  assert.deepEqual(changes, [4]);
  link.rate = 190;
  await congested(5);
  assert.deepEqual(changes, [4], 'they have time to connect, and are measured as well');
  await congested(1);
  assert.deepEqual(changes, [4, 8]);
  link.rate = 330;
  await congested(6);
  assert.deepEqual(changes, [4, 8, 10]);
  link.rate = 500;
  await congested(60);
  assert.equal(growth.sessions, 10);
  growth.stop();
});

/** Seconds until there are so many sessions, while they are congested. */
async function until(sessions: number, { growth, congested }: ReturnType<typeof setUp>): Promise<number> {
  let seconds = 0;
  for (; growth.sessions !== sessions && seconds < 1_000; seconds += 1) await congested(1);
  return seconds;
}

test('sessions that move no more end, even if nothing waits for them, and are tried again more and more rarely', async () => {
  const rig = setUp();
  const { changes, congested, link, growth, pass } = rig;
  await congested(3);
  await pass(6_000);
  assert.deepEqual(changes, [4, 2]);
  const pauses: number[] = [];
  for (let trial = 0; trial < 6; trial += 1) {
    pauses.push(await until(4, rig));
    await until(2, rig);
  }
  // They are measured for two seconds before each trial.
  const expected = [20, 60, 180, 540, 600, 600];
  assert.ok(
    pauses.every((seconds, trial) => Math.abs(seconds - 3 - (expected[trial] ?? 0)) <= 1),
    String(pauses),
  );
  await until(4, rig);
  link.rate = 200;
  await until(8, rig);
  await until(4, rig);
  assert.ok((await until(8, rig)) < 25, 'one failure after a success proves little');
  growth.stop();
});

test('failures of long ago, or with another configuration, do not make the next pause longer', async () => {
  const rig = setUp();
  const { growth, pass } = rig;
  const fail = async () => {
    await until(4, rig);
    await until(2, rig);
  };
  await fail();
  await fail();
  await pass(12 * MINUTE);
  await fail();
  assert.ok((await until(4, rig)) < 25, 'long ago');
  await until(2, rig);
  growth.configured();
  assert.ok((await until(4, rig)) < 5, 'it need not wait');
  await until(2, rig);
  assert.ok((await until(4, rig)) < 25, 'with another configuration');
  growth.stop();
});

test('a trial of sessions that could not be had is no failure', async () => {
  const rig = setUp();
  const { growth, congested } = rig;
  await congested(3);
  growth.refused(2, 'test');
  await congested(10 * 60);
  await until(4, rig);
  await until(2, rig);
  assert.ok((await until(4, rig)) < 25);
  growth.stop();
});

test('a link that moves more by chance for a moment is as full as before', async () => {
  const { changes, link, growth, congested, pass } = setUp();
  await congested(3);
  await pass(4_000);
  link.rate = 140;
  await pass(500);
  link.rate = 90;
  await pass(1_500);
  assert.deepEqual(changes, [4, 2]);
  growth.stop();
});

test('sessions on trial when the load ends are judged anew with the next load', async () => {
  const { changes, link, growth, congested, pass } = setUp();
  await congested(3);
  link.rate = 1;
  await pass(10_000);
  assert.deepEqual(changes, [4, 2]);
  link.rate = 100;
  await congested(3);
  assert.deepEqual(changes, [4, 2, 4]);
  growth.stop();
});

test('half of them end after five minutes in which less is moved than the first ones could, then half of the rest', async () => {
  const { growth, link, changes, congested, pass } = setUp();
  await congested(4);
  link.rate = 200;
  await congested(5);
  assert.deepEqual(changes, [4, 8]);
  link.rate = 400;
  await pass(MINUTE);
  link.rate = 60;
  await pass(20 * MINUTE);
  assert.deepEqual(changes, [4, 8], 'they are in use, and nothing waits');
  link.rate = 40;
  await pass(4 * MINUTE);
  assert.equal(growth.sessions, 8);
  await pass(MINUTE + 10_000);
  assert.equal(growth.sessions, 4);
  link.isRetiring = true;
  await pass(5 * MINUTE);
  assert.equal(growth.sessions, 4, 'connections of the others could not move, and have not ended');
  link.isRetiring = false;
  await pass(MINUTE);
  assert.deepEqual(changes, [4, 8, 4, 2]);
  link.rate = 100;
  await congested(3);
  assert.deepEqual(changes, [4, 8, 4, 2, 4], 'until they are needed again');
  link.rate = 125;
  await congested(6);
  assert.equal(growth.sessions, 8, 'measured beside what the first ones move now');
  growth.stop();
});

test('none are added while earlier ones still have connections', async () => {
  const { growth, link, changes, congested } = setUp();
  link.isRetiring = true;
  await congested(10);
  assert.deepEqual(changes, []);
  link.isRetiring = false;
  await congested(4);
  assert.deepEqual(changes, [4]);
  growth.stop();
});

test('a gateway that allows fewer is not asked again for a while', async () => {
  const { growth, changes, congested } = setUp();
  await congested(3);
  growth.refused(3, 'test');
  growth.refused(2, 'test');
  assert.deepEqual(changes, [4, 3, 2]);
  await congested(9 * 60);
  assert.deepEqual(changes, [4, 3, 2]);
  await congested(2 * 60);
  assert.deepEqual(changes.slice(0, 4), [4, 3, 2, 4]);
  growth.stop();
});

test('a configuration decides anew: what it no longer allows does not come back, and what it requires is not added to', async () => {
  const { growth, link, congested } = setUp();
  await congested(3);
  assert.equal(growth.sessions, 4);
  link.least = 4;
  growth.configured();
  assert.equal(growth.sessions, 4);
  link.least = 1;
  growth.configured();
  assert.equal(growth.sessions, 1, 'what was required is not needed anymore');
  link.least = 2;
  await congested(6);
  assert.equal(growth.sessions, 4);
  link.most = 2;
  growth.configured();
  link.most = 16;
  assert.equal(growth.sessions, 2);
  growth.stop();
});

test('an agent that is stopping adds none, and leaves no timer', async () => {
  const { growth, changes, congested, clock } = setUp();
  await congested(3);
  growth.stop();
  await congested(10);
  assert.deepEqual(changes, [4]);
  assert.deepEqual(clock.waiting, []);
});
