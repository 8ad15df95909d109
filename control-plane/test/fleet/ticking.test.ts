import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { startTicking } from '../../src/fleet/ticking.ts';

function start() {
  const clock = fakeClock();
  const seen = { judged: 0, read: 0, failures: 0 };
  const store: { refresh: () => Promise<void> } = { refresh: async () => {} };
  const ticking = startTicking({
    clock,
    judge: () => {
      seen.judged += 1;
    },
    refresh: () => {
      seen.read += 1;
      return store.refresh();
    },
    onFailed: () => {
      seen.failures += 1;
    },
  });
  return { clock, seen, store, ticking };
}

test('judge is called every second, and refresh every minute', async () => {
  const { clock, seen, ticking } = start();
  await clock.pass(10_000);
  assert.deepEqual(seen, { judged: 10, read: 0, failures: 0 });
  await clock.pass(50_000);
  assert.equal(seen.read, 1);
  await ticking.stop();
  await clock.pass(120_000);
  assert.equal(seen.read, 1);
  assert.deepEqual(clock.waiting, []);
});

test('after the event loop was blocked, nothing is judged before the pending input has been read', async () => {
  const { clock, seen, ticking } = start();
  clock.block(30_000);
  await clock.pass(0);
  assert.equal(seen.judged, 0);
  await clock.pass(1_000);
  assert.equal(seen.judged, 1);
  await ticking.stop();
});

test('a failing refresh is reported once and retried, and refreshes do not overlap', async () => {
  const { clock, seen, store, ticking } = start();
  store.refresh = () => Promise.reject(new Error('The store is away.'));
  await clock.pass(125_000);
  assert.deepEqual([seen.failures, ticking.isFresh], [1, false]);
  const before = seen.read;
  const slow = Promise.withResolvers<void>();
  store.refresh = () => slow.promise;
  await clock.pass(300_000);
  assert.equal(seen.read, before + 1);
  slow.resolve();
  await clock.pass(1_000);
  assert.equal(ticking.isFresh, true);
  await ticking.stop();
});
