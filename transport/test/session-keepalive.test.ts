import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import { SessionKeepalive } from '../src/index.ts';

function start() {
  const clock = fakeClock();
  const seen = { answersAfter: 10, dead: [] as number[] };
  const socket = { bytesRead: 0 };
  const keepalive = new SessionKeepalive({
    http: {
      ping: (callback: unknown) => {
        clock.after(seen.answersAfter, () => {
          socket.bytesRead += 17;
          if (typeof callback === 'function') callback(null, seen.answersAfter, Buffer.alloc(8));
        });
        return true;
      },
    },
    socket,
    ping: { interval: 15_000, timeout: 10_000, clock },
    onDead: () => seen.dead.push(clock.now()),
  });
  keepalive.start();
  return { clock, seen, keepalive };
}

test('a suspect session has three seconds to receive a byte', async () => {
  const { clock, seen, keepalive } = start();
  await clock.pass(1_000);
  seen.answersAfter = 3_600_000;
  keepalive.suspect();
  await clock.pass(3_100);
  assert.deepEqual(seen.dead, [4_000]);
});

test('only the first ping of a suspect session has the short deadline', async () => {
  const { clock, seen, keepalive } = start();
  await clock.pass(1_000);
  keepalive.suspect();
  await clock.pass(1_000);
  seen.answersAfter = 8_000;
  await clock.pass(60_000);
  assert.deepEqual(seen.dead, []);
  keepalive.stop();
});
