import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import { keepAlive } from '../src/index.ts';

const INTERVAL = 15_000;
const TIMEOUT = 10_000;

/** A session whose peer answers each ping after `answersAfter` milliseconds, or never. */
function session({ answersAfter }: { answersAfter: number | 'never' }) {
  const clock = fakeClock();
  const seen = { pings: [] as number[], roundTrips: [] as number[], dead: [] as string[], slept: 0 };
  const self = { answersAfter, bytes: 0, throws: false, inKernel: 0 };
  const pongs: ((roundTrip: number) => void)[] = [];
  const stop = keepAlive(
    {
      ping(onPong) {
        if (self.throws) throw new Error('The session is destroyed.');
        seen.pings.push(clock.now());
        pongs.push(onPong);
        const after = self.answersAfter;
        if (after === 'never') return;
        clock.after(after, () => {
          self.bytes += 17;
          onPong(after);
        });
      },
      bytesReceived: () => self.bytes,
      onDead: (reason) => seen.dead.push(reason),
      onRoundTrip: (milliseconds) => seen.roundTrips.push(milliseconds),
      onSlept: () => {
        seen.slept += 1;
      },
    },
    {
      interval: INTERVAL,
      timeout: TIMEOUT,
      clock: {
        ...clock,
        // The poll phase reads what arrived while the event loop was blocked.
        afterPoll: (callback) =>
          clock.afterPoll(() => {
            self.bytes += self.inKernel;
            self.inKernel = 0;
            callback();
          }),
      },
    },
  );
  return { clock, seen, self, pongs, stop };
}

test('pings immediately and then every interval, and reports the round trip', async () => {
  const { clock, seen, stop } = session({ answersAfter: 40 });
  await clock.pass(50_000);
  assert.deepEqual(seen.pings, [0, 15_040, 30_080, 45_120]);
  assert.deepEqual(seen.roundTrips, [40, 40, 40, 40]);
  stop();
  assert.deepEqual(clock.waiting, []);
});

test('every interval deviates by up to a fifth', async () => {
  for (const [chance, expected] of [
    [0, 12_000],
    [1, 18_000],
  ] as const) {
    const { clock, seen, stop } = session({ answersAfter: 0 });
    clock.chance(chance);
    await clock.pass(20_000);
    assert.equal(seen.pings[1], expected);
    stop();
  }
});

test('silence after a ping ends the session, reported once', async () => {
  const { clock, seen } = session({ answersAfter: 'never' });
  await clock.pass(TIMEOUT - 1);
  assert.deepEqual(seen.dead, []);
  await clock.pass(1);
  assert.equal(seen.dead.length, 1);
  await clock.pass(100_000);
  assert.equal(seen.dead.length, 1);
  assert.equal(seen.pings.length, 1);
  assert.deepEqual(clock.waiting, []);
});

test('any received byte proves life, even without an answer to the ping', async () => {
  const { clock, seen, self, stop } = session({ answersAfter: 'never' });
  await clock.pass(5_000);
  self.bytes += 1;
  await clock.pass(5_000);
  assert.deepEqual(seen.dead, []);
  await clock.pass(INTERVAL);
  assert.equal(seen.pings.length, 2);
  await clock.pass(TIMEOUT);
  assert.equal(seen.dead.length, 1);
  stop();
});

test('an answer to an earlier ping counts only as received bytes', async () => {
  const { clock, seen, self, pongs, stop } = session({ answersAfter: 'never' });
  self.bytes += 1;
  await clock.pass(TIMEOUT + INTERVAL);
  assert.equal(seen.pings.length, 2);
  pongs[0]?.(25_000);
  assert.deepEqual(seen.roundTrips, []);
  pongs[1]?.(30);
  assert.deepEqual(seen.roundTrips, [30]);
  stop();
});

test('after a deadline that fires late, data waiting in the kernel is read first', async () => {
  const { clock, seen, self, stop } = session({ answersAfter: 'never' });
  await clock.pass(1_000);
  self.inKernel = 17;
  clock.block(12_000);
  await clock.pass(0);
  assert.deepEqual(seen.dead, []);
  stop();
});

test('after a late deadline without a byte the peer gets one more full timeout', async () => {
  const { clock, seen } = session({ answersAfter: 'never' });
  clock.block(12_000);
  await clock.pass(TIMEOUT - 1);
  assert.deepEqual(seen.dead, []);
  clock.block(2_000);
  await clock.pass(0);
  assert.equal(seen.dead.length, 1);
  assert.deepEqual(clock.waiting, []);
});

test('after the host was suspended between pings, the next ping has a short deadline', async () => {
  const { clock, seen, self } = session({ answersAfter: 5 });
  await clock.pass(1_000);
  self.answersAfter = 'never';
  clock.sleep(3_600_000);
  await clock.pass(INTERVAL);
  assert.equal(seen.slept, 1);
  assert.equal(seen.pings.length, 2);
  await clock.pass(3_000);
  assert.equal(seen.dead.length, 1);
});

test('after the host was suspended during a ping, another one is sent with a short deadline', async () => {
  for (const monotonicSleeps of [true, false]) {
    const { clock, seen, self, stop } = session({ answersAfter: 'never' });
    await clock.pass(1_000);
    if (monotonicSleeps) clock.block(3_600_000);
    else clock.sleep(3_600_000);
    await clock.pass(monotonicSleeps ? 0 : TIMEOUT - 1_000);
    assert.equal(seen.slept, 1);
    assert.equal(seen.pings.length, 2);
    if (monotonicSleeps) self.bytes += 1;
    await clock.pass(3_000);
    assert.equal(seen.dead.length, monotonicSleeps ? 0 : 1);
    stop();
  }
});

test('a session that cannot be pinged is dead', async () => {
  const { clock, seen, self } = session({ answersAfter: 1 });
  await clock.pass(100);
  self.throws = true;
  await clock.pass(INTERVAL);
  assert.equal(seen.dead.length, 1);
  assert.deepEqual(clock.waiting, []);
});

test('after a stop nothing happens, regardless of what arrives', async () => {
  const { clock, seen, pongs, stop } = session({ answersAfter: 'never' });
  stop();
  pongs[0]?.(5);
  await clock.pass(100_000);
  assert.deepEqual(seen, { pings: [0], roundTrips: [], dead: [], slept: 0 });
  assert.deepEqual(clock.waiting, []);
});

test('a stop from within a callback leaves no timer', async () => {
  const clock = fakeClock();
  const port = {
    ping: (onPong: (roundTrip: number) => void) => void clock.after(1, () => onPong(1)),
    bytesReceived: () => 0,
    onDead: () => assert.fail('It was stopped.'),
    onRoundTrip: () => stop(),
  };
  const stop = keepAlive(port, { interval: INTERVAL, timeout: TIMEOUT, clock });
  await clock.pass(2);
  assert.deepEqual(clock.waiting, []);
});

test('a peer that answers is never reported dead, and a silent one always, however the event loop is blocked', async () => {
  const hiccups = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 25_000 })),
    {
      maxLength: 20,
    },
  );
  await fc.assert(
    fc.asyncProperty(hiccups, fc.boolean(), async (script, silent) => {
      const { clock, seen, stop } = session({ answersAfter: silent ? 'never' : 50 });
      for (const [passes, blocks] of script) {
        await clock.pass(passes);
        clock.block(blocks);
      }
      await clock.pass(3 * TIMEOUT);
      assert.equal(seen.dead.length, silent ? 1 : 0);
      stop();
    }),
    { numRuns: 50 },
  );
});
