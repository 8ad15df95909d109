import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { rateLimitedRead } from '../../src/health/rate-limited-read.ts';

test('a value is read again once the interval has passed', async () => {
  const clock = fakeClock();
  let reads = 0;
  const value = rateLimitedRead(() => (reads += 1), 1000, clock);
  assert.deepEqual([value(), value()], [1, 1]);
  await clock.pass(999);
  assert.equal(value(), 1);
  await clock.pass(1);
  assert.equal(value(), 2);
});
