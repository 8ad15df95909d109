import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import { TokenBucket } from '../src/token-bucket.ts';

const drain = (bucket: TokenBucket) => {
  let count = 0;
  while (bucket.tryTake()) count += 1;
  return count;
};

test('a bucket starts full, refills at its rate and never exceeds its capacity', async () => {
  const clock = fakeClock();
  const bucket = new TokenBucket({ capacity: 10, refillPerSecond: 4, clock });
  assert.equal(drain(bucket), 10);
  await clock.pass(1_000);
  assert.equal(drain(bucket), 4);
  await clock.pass(3_600_000);
  assert.equal(drain(bucket), 10);
});

test('fractions of a token are kept until they add up to one', async () => {
  const clock = fakeClock();
  const bucket = new TokenBucket({ capacity: 1, refillPerSecond: 1, clock });
  assert.equal(bucket.tryTake(), true);
  await clock.pass(600);
  assert.equal(bucket.tryTake(), false);
  await clock.pass(400);
  assert.equal(bucket.tryTake(), true);
});
