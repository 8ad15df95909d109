import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BbrWatch } from '../src/bbr-watch.ts';
import type { BbrEstimate } from '../src/tcp-options.ts';

/** A path with a round trip of 100 ms, on which a new connection begins with 145 kB/s. */
function longPath(
  t: TestContext,
  { roundTrip = 100, fd = 7 as number | null, isAllowed = true, isStartup = false } = {},
) {
  const path = { now: 50_000, bandwidth: 10_000, isBbr: true };
  t.mock.method(performance, 'now', () => path.now);
  const restarts: unknown[] = [];
  const estimate = (): BbrEstimate => ({
    bandwidth: path.bandwidth,
    roundTrip,
    segmentBytes: 1_448,
    isStartup,
  });
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

/** Nothing waits for so long. */
const QUIET_MS = 60_000;

test('an estimate below what a new connection begins with has collapsed', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(145);
  assert.equal(restarts.length, 0);
  path.now += QUIET_MS;
  wait(144);
  assert.deepEqual(restarts, [{ bytesPerSecond: 144_000, roundTripMs: 100 }]);
});

test('an estimate below an eighth of what the path has carried has collapsed', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(16_000, 4_000);
  path.now += QUIET_MS;
  wait(2_000);
  assert.equal(restarts.length, 0);
  path.now += QUIET_MS;
  wait(1_900);
  assert.equal(restarts.length, 1);
});

test('what the path has carried is forgotten after ten minutes', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(16_000, 4_000);
  path.now += 11 * 60_000;
  wait(1_900);
  assert.equal(restarts.length, 0);
});

test('an estimate that falls while data waits is that of the path', (t) => {
  const { restarts, wait } = longPath(t);
  wait(16_000, 4_000);
  wait(100, 60_000);
  assert.equal(restarts.length, 0);
});

test('data waits once more after two seconds', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(16_000, 4_000);
  path.now += 1_500;
  wait(100);
  assert.equal(restarts.length, 0);
  path.now += 2_000;
  wait(100);
  assert.equal(restarts.length, 1);
});

test('a path that carries less than a new connection begins with is measured once', (t) => {
  const { path, restarts, wait } = longPath(t);
  for (let transfer = 0; transfer < 10; transfer += 1) {
    wait(100, 4_000);
    path.now += QUIET_MS;
  }
  assert.equal(restarts.length, 1);
  wait(40);
  assert.equal(restarts.length, 2, 'of what it carries');
});

test('BBR is not restarted twice within ten seconds', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(100);
  path.now += 5_000;
  wait(100);
  assert.equal(restarts.length, 1);
  path.now += 5_000;
  wait(100);
  assert.equal(restarts.length, 2);
});

test('a path that became slow is compared with itself after one restart', (t) => {
  const { path, restarts, wait } = longPath(t);
  wait(16_000, 4_000);
  for (let transfer = 0; transfer < 10; transfer += 1) {
    path.now += QUIET_MS;
    wait(1_000, 4_000);
  }
  assert.equal(restarts.length, 1);
});

test('BBR that has just begun is left alone', (t) => {
  const { restarts, wait } = longPath(t, { isStartup: true });
  wait(10, 20_000);
  assert.equal(restarts.length, 0);
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
