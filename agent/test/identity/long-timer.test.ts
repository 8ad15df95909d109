import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { longTimer } from '../../src/identity/long-timer.ts';

const DAY = 86_400_000;

test('a timer for ninety days fires after ninety days', async () => {
  const clock = fakeClock();
  let fired = 0;
  longTimer(clock, 90 * DAY, () => {
    fired += 1;
  });
  assert.ok((clock.waiting[0] ?? 0) < 2 ** 31);
  await clock.pass(90 * DAY - 1);
  assert.equal(fired, 0);
  await clock.pass(1);
  assert.equal(fired, 1);
  assert.deepEqual(clock.waiting, []);
});

test('a time that has passed is now, and a stopped timer never fires, in whichever part it is', async () => {
  const clock = fakeClock();
  let fired = 0;
  const fire = () => {
    fired += 1;
  };
  longTimer(clock, -5, fire);
  await clock.pass(0);
  assert.equal(fired, 1);
  const stop = longTimer(clock, 60 * DAY, fire);
  await clock.pass(30 * DAY);
  stop();
  await clock.pass(60 * DAY);
  assert.equal(fired, 1);
});
