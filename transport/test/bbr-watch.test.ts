import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BbrWatch } from '../src/bbr-watch.ts';
import type { BbrEstimate } from '../src/tcp-options.ts';

/** A path with a round trip of 100 ms, on which a new connection begins with 145 kB/s. */
function longPath(t: TestContext, { roundTrip = 100, fd = 7 as number | null, isAllowed = true } = {}) {
  const path = { now: 50_000, bandwidth: 10_000, isBbr: true };
  t.mock.method(performance, 'now', () => path.now);
  const restarts: unknown[] = [];
  const estimate = (): BbrEstimate => ({ bandwidth: path.bandwidth, roundTrip, segmentBytes: 1_448 });
  const watch = new BbrWatch(
    { fd: () => fd ?? undefined, onRestarted: (collapsed) => restarts.push(collapsed) },
    { bbrEstimate: () => (path.isBbr ? estimate() : undefined), restartBbr: () => isAllowed },
  );
  /** Data waits for so long while the bandwidth is estimated at this. */
  const wait = (bandwidth: number, milliseconds = 400) => {
    path.bandwidth = bandwidth;
    for (let waited = 0; waited < milliseconds; waited += 400) {
      path.now += 400;
      watch.look();
    }
  };
  return { path, restarts, wait };
}

test('an estimate below what a new connection begins with has collapsed', (t) => {
  const { restarts, wait } = longPath(t);
  wait(145);
  assert.equal(restarts.length, 0);
  wait(144);
  assert.deepEqual(restarts, [{ bytesPerSecond: 144_000, roundTripMs: 100 }]);
});

test('an estimate below an eighth of the best one has collapsed', (t) => {
  const { restarts, wait } = longPath(t);
  wait(16_000);
  wait(2_000);
  assert.equal(restarts.length, 0);
  wait(1_900);
  assert.equal(restarts.length, 1);
});

test('a path that carries no more than was estimated is measured once while data waits', (t) => {
  const { restarts, wait } = longPath(t);
  wait(16_000);
  wait(100, 60_000);
  assert.equal(restarts.length, 1);
});

test('an estimate that changes about what a new connection begins with does not restart BBR again', (t) => {
  const { restarts, wait } = longPath(t);
  for (let round = 0; round < 50; round += 1) {
    wait(100);
    wait(200);
  }
  assert.equal(restarts.length, 1);
});

test('an estimate that has recovered and collapses again restarts BBR, but not within ten seconds', (t) => {
  const { restarts, wait } = longPath(t);
  wait(100);
  wait(1_000);
  wait(100, 8_000);
  assert.equal(restarts.length, 1);
  wait(100, 4_000);
  assert.equal(restarts.length, 2);
});

test('an estimate that collapses when nobody looked restarts BBR although the last one was not seen to recover', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(100);
  path.now += 60_000;
  wait(100);
  assert.equal(restarts.length, 2);
});

test('a path that became slow is compared with itself after one restart', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(16_000);
  for (let episode = 0; episode < 10; episode += 1) {
    wait(1_000, 20_000);
    path.now += 60_000;
  }
  assert.equal(restarts.length, 1);
});

test('a connection with a short round trip, such as that to a load balancer, is left alone', (t) => {
  const { restarts, wait } = longPath(t, { roundTrip: 0.2 });
  wait(10, 60_000);
  assert.equal(restarts.length, 0);
});

test('a connection without BBR, and one without a descriptor, are left alone', (t) => {
  const another = longPath(t);
  another.path.isBbr = false;
  another.wait(10, 20_000);
  const none = longPath(t, { fd: null });
  none.wait(10, 20_000);
  assert.equal(another.restarts.length + none.restarts.length, 0);
});

test('a restart that the system refuses is not reported', (t) => {
  const { restarts, wait } = longPath(t, { isAllowed: false });
  wait(10, 20_000);
  assert.equal(restarts.length, 0);
});
