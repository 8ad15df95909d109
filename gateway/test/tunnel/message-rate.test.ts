import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { messageRate } from '../../src/tunnel/message-rate.ts';

const taken = (rate: ReturnType<typeof messageRate>) => {
  let count = 0;
  while (count < 10_000 && rate.tryTake()) count += 1;
  return count;
};

test('a burst passes, then the rate, and unused messages accumulate up to a burst', async () => {
  const clock = fakeClock();
  const rate = messageRate(clock);
  assert.equal(taken(rate), 200);
  await clock.pass(1_000);
  assert.equal(taken(rate), 50);
  await clock.pass(3_600_000);
  assert.equal(taken(rate), 200);
});
