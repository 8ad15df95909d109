import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayClock } from '../app/time/clock.ts';
import {
  age,
  bytes,
  counted,
  duration,
  milliseconds,
  percent,
  shortDigest,
  signedMilliseconds,
  timeOfDay,
} from '../app/time/format.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test('durations have one unit, and a second one where it matters', () => {
  const cases = [
    [-5, '0 s'],
    [59_999, '59 s'],
    [MINUTE, '1 min'],
    [3 * HOUR + 20 * MINUTE, '3 h 20 min'],
    [24 * HOUR, '1 d'],
    [50 * HOUR, '2 d 2 h'],
    [100 * HOUR, '4 d'],
  ] as const;
  for (const [value, text] of cases) assert.equal(duration(value), text);
});

test('ages say past and future', () => {
  assert.equal(age(1_000, 1_500), 'now');
  assert.equal(age(0, 5_000), '5 s ago');
  assert.equal(age(HOUR, 0), 'in 1 h');
});

test('times of another day have a date, those of another year a year', () => {
  const now = Date.parse('2026-11-26T08:55:00Z');
  assert.equal(timeOfDay(Date.parse('2026-11-26T08:41:05Z'), now, 'utc'), '08:41:05 UTC');
  assert.equal(timeOfDay(Date.parse('2026-11-25T23:59:59Z'), now, 'utc'), 'Nov 25, 23:59:59 UTC');
  assert.equal(timeOfDay(Date.parse('2025-01-02T00:00:00Z'), now, 'utc'), 'Jan 2, 2025, 00:00:00 UTC');
});

test('figures have the precision that people compare', () => {
  assert.equal(milliseconds(0.42), '0.4 ms');
  assert.equal(milliseconds(38.4), '38 ms');
  assert.equal(milliseconds(-1_234), '-1.2 s');
  assert.equal(signedMilliseconds(3), '+3 ms');
  assert.equal(signedMilliseconds(-1_204), '−1,204 ms');
  assert.equal(signedMilliseconds(0), '0 ms');
  assert.equal(percent(0.618), '62 %');
  assert.equal(bytes(1023), '1023 B');
  assert.equal(bytes(1536), '1.5 KiB');
  assert.equal(bytes(200 * 1024 * 1024), '200 MiB');
  assert.equal(counted(1, 'agent'), '1 agent');
  assert.equal(counted(12_480, 'agent'), '12,480 agents');
  assert.equal(shortDigest(`sha256:1a2b3c4d${'0'.repeat(56)}`), '1a2b3c4d');
});

test('the gateway’s clock counts, whatever the browser’s says, and an exact reading more than a slow one', () => {
  let local = 1_000_000;
  const clock = new GatewayClock(() => local);
  assert.equal(clock.now(), local);
  // The gateway is 60 s ahead; the answer took 200 ms.
  clock.learn(local + 60_000 + 100, local, local + 200);
  assert.equal(clock.offset, 60_000);
  // A slow answer with another time changes nothing.
  clock.learn(local + 90_000, local, local + 10_000);
  assert.equal(clock.offset, 60_000);
  clock.learn(Number.NaN, local, local + 1);
  assert.equal(clock.offset, 60_000);
  local += 5_000;
  clock.learn(local + 61_000, local, local);
  assert.equal(clock.now(), local + 61_000);
});
