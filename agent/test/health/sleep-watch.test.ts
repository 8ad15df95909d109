import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { watchSleep } from '../../src/health/sleep-watch.ts';

test('a sleep of the host is detected once, within seconds', async () => {
  const clock = fakeClock();
  let slept = 0;
  const stop = watchSleep(() => {
    slept += 1;
  }, clock);
  await clock.pass(60_000);
  assert.equal(slept, 0);
  clock.sleep(3_600_000);
  await clock.pass(2_000);
  assert.equal(slept, 1);
  await clock.pass(60_000);
  assert.equal(slept, 1);
  stop();
  assert.deepEqual(clock.waiting, []);
});

test('a blocked event loop or a small change of the clock is not a sleep', async () => {
  const clock = fakeClock();
  let slept = 0;
  const stop = watchSleep(() => {
    slept += 1;
  }, clock);
  clock.sleep(5_000);
  await clock.pass(2_000);
  clock.sleep(-3_600_000);
  await clock.pass(2_000);
  assert.equal(slept, 0);
  stop();
});
