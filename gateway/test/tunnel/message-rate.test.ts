import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { MessageRate } from '../../src/tunnel/message-rate.ts';

const taken = (rate: MessageRate) => {
  let count = 0;
  while (count < 10_000 && rate.take()) count += 1;
  return count;
};

test('a burst is let through, then so many a second, and never more than a burst is saved', async () => {
  const clock = fakeClock();
  const rate = new MessageRate(clock);
  assert.equal(taken(rate), 200);
  await clock.pass(1_000);
  assert.equal(taken(rate), 50);
  await clock.pass(3_600_000);
  assert.equal(taken(rate), 200);
});
