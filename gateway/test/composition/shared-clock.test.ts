import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { sharedClock } from '../../src/composition/shared-clock.ts';

test('the date is that of the database once it is known, and small differences change nothing', () => {
  const base = fakeClock(1_000_000);
  const { clock, setOffset } = sharedClock(base);
  assert.equal(clock.wall(), 1_000_000);
  setOffset(-600_000);
  assert.equal(clock.wall(), 400_000, 'ten minutes apart');
  setOffset(-599_985);
  assert.equal(clock.wall(), 400_000, 'the round trip took longer');
  setOffset(5_000);
  assert.equal(clock.wall(), 1_005_000);
  assert.equal(clock.now(), base.now(), 'the monotonic clock is that of the host');
});

test('the clock of the host may step between two readings of the database', async () => {
  const base = fakeClock(1_000_000);
  let step = 0;
  const { clock, setOffset } = sharedClock({ ...base, wall: () => base.wall() + step });
  setOffset(0);
  step = 1_200_000;
  await base.pass(5_000);
  assert.equal(clock.wall(), 1_005_000);
  setOffset(-1_200_000);
  assert.equal(clock.wall(), 1_005_000, 'the next reading agrees');
});
