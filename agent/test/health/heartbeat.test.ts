import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentMessageOf } from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { type ClockReading, startHeartbeats } from '../../src/health/heartbeat.ts';

function start(broken: readonly number[] = []) {
  const clock = fakeClock();
  const sent: AgentMessageOf<'heartbeat'>[] = [];
  const readings: (ClockReading | undefined)[] = [];
  const failures: unknown[] = [];
  const heartbeats = startHeartbeats({
    interval: 1000,
    clock,
    fields: () => ({
      eventLoop: { p99Ms: 0, maxMs: 0 },
      streams: { open: sent.length, opening: 0 },
      identity: { notAfter: 0 },
      checks: [],
    }),
    send: (heartbeat) => {
      if (broken.includes(heartbeat.seq)) throw new Error('test');
      sent.push(heartbeat);
    },
    onAcknowledged: (reading) => readings.push(reading),
    onFailed: (error) => failures.push(error),
  });
  return { clock, sent, readings, failures, heartbeats };
}

test('the first heartbeat is sent immediately, the others at the interval, each with current fields', async () => {
  const { clock, sent, heartbeats } = start();
  assert.equal(sent.length, 1);
  await clock.pass(3_500);
  assert.deepEqual(
    sent.map(({ seq, sentAt, streams }) => [seq, sentAt - clock.wall() + 3_500, streams.open]),
    [
      [1, 0, 0],
      [2, 1000, 1],
      [3, 2000, 2],
      [4, 3000, 3],
    ],
  );
  heartbeats.stop();
  await clock.pass(5_000);
  assert.equal(sent.length, 4);
  assert.deepEqual(clock.waiting, []);
});

test('a heartbeat that cannot be sent is reported and skipped, and the next one is sent', async () => {
  const { clock, sent, failures, heartbeats } = start([1, 3]);
  await clock.pass(3_500);
  assert.deepEqual(
    sent.map(({ seq }) => seq),
    [2, 4],
  );
  assert.equal(failures.length, 2);
  heartbeats.stop();
});

test('offset and round trip follow from one exchange as in NTP', async () => {
  const { clock, readings, heartbeats } = start();
  const sentAt = clock.wall();
  await clock.pass(100);
  // 40 ms to the gateway, 10 ms there, 50 ms back. Its clock is 5 s ahead.
  heartbeats.acknowledge({
    type: 'heartbeat-ack',
    seq: 1,
    receivedAt: sentAt + 5_040,
    sentAt: sentAt + 5_050,
  });
  assert.deepEqual(readings, [{ offset: 4_995, roundTrip: 90 }]);
  heartbeats.stop();
});

test('only the latest heartbeat can be acknowledged', async () => {
  const { clock, readings, heartbeats } = start();
  await clock.pass(1_000);
  const at = clock.wall();
  heartbeats.acknowledge({ type: 'heartbeat-ack', seq: 1, receivedAt: at, sentAt: at });
  assert.deepEqual(readings, []);
  heartbeats.acknowledge({ type: 'heartbeat-ack', seq: 2, receivedAt: at, sentAt: at });
  assert.equal(readings.length, 1);
  heartbeats.stop();
});

test('a heartbeat reports the clock reading of the previous one, unless a clock was set in between', async () => {
  const { clock, sent, readings, heartbeats } = start();
  assert.equal(sent[0]?.clock, undefined);
  const first = clock.wall();
  await clock.pass(20);
  heartbeats.acknowledge({ type: 'heartbeat-ack', seq: 1, receivedAt: first + 5_010, sentAt: first + 5_010 });
  await clock.pass(1_000);
  assert.deepEqual(sent[1]?.clock, { offset: 5_000, roundTrip: 20 });
  const second = clock.wall();
  clock.sleep(-500);
  heartbeats.acknowledge({ type: 'heartbeat-ack', seq: 2, receivedAt: second, sentAt: second });
  await clock.pass(1_000);
  assert.equal(sent[2]?.clock, undefined);
  assert.deepEqual(readings, [{ offset: 5_000, roundTrip: 20 }, undefined]);
  heartbeats.stop();
});
