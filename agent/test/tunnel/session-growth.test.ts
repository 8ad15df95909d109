import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { SessionGrowth } from '../../src/tunnel/session-growth.ts';

const MINUTE = 60_000;

/** An agent with two sessions, whose link moves `rate` bytes a millisecond. */
function setUp(most = 16) {
  const clock = fakeClock();
  const link = { rate: 100, bytes: 0 };
  const changes: number[] = [];
  const growth = new SessionGrowth({
    least: () => 2,
    most: () => most,
    bytesMoved: () => link.bytes,
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
  return { growth, link, changes, pass, congested };
}

test('the sessions double while more of them move more, up to the most', async () => {
  const { growth, link, changes, congested } = setUp(10);
  await congested(1);
  assert.deepEqual(changes, [], 'nothing is measured yet');
  await congested(1);
  assert.deepEqual(changes, [4]);
  await congested(2);
  assert.deepEqual(changes, [4], 'they have time to connect');
  link.rate = 190;
  await congested(4);
  assert.deepEqual(changes, [4, 8]);
  link.rate = 330;
  await congested(5);
  assert.deepEqual(changes, [4, 8, 10]);
  link.rate = 500;
  await congested(30);
  assert.equal(growth.sessions, 10);
  growth.stop();
});

test('sessions that move no more are the last ones for ten minutes', async () => {
  const { changes, congested, link, growth } = setUp();
  await congested(30);
  assert.deepEqual(changes, [4]);
  link.rate = 200;
  await congested(9 * 60);
  assert.deepEqual(changes, [4], 'whatever the reason for the change is');
  await congested(2 * 60);
  assert.deepEqual(changes.slice(0, 2), [4, 8]);
  growth.stop();
});

test('they end after five minutes in which less is moved than the first ones could', async () => {
  const { growth, link, changes, congested, pass } = setUp();
  await congested(2);
  link.rate = 60;
  await pass(20 * MINUTE);
  assert.deepEqual(changes, [4], 'they are in use, and nothing waits');
  link.rate = 40;
  await pass(4 * MINUTE);
  assert.equal(growth.sessions, 4);
  await pass(2 * MINUTE);
  assert.deepEqual(changes, [4, 2]);
  link.rate = 100;
  await congested(3);
  assert.deepEqual(changes, [4, 2, 4], 'until they are needed again');
  growth.stop();
});

test('a gateway that allows fewer is not asked again for a while', async () => {
  const { growth, changes, congested } = setUp();
  await congested(2);
  growth.refused(3);
  growth.refused(2);
  assert.deepEqual(changes, [4, 3, 2]);
  await congested(9 * 60);
  assert.equal(growth.sessions, 2);
  await congested(2 * 60);
  assert.equal(growth.sessions, 4);
  growth.stop();
});

test('an agent whose file allows no more than it has never adds any', async () => {
  const { growth, changes, congested } = setUp(2);
  await congested(60);
  assert.deepEqual(changes, []);
  growth.stop();
});
