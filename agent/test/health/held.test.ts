import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { held } from '../../src/health/held.ts';

test('a held value is read again when its time is over', async () => {
  const clock = fakeClock();
  let reads = 0;
  const value = held(() => (reads += 1), 1000, clock);
  assert.deepEqual([value(), value()], [1, 1]);
  await clock.pass(999);
  assert.equal(value(), 1);
  await clock.pass(1);
  assert.equal(value(), 2);
});
