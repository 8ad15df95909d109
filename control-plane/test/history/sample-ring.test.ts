import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../src/fleet/agent-view.ts';
import { SampleHistory } from '../../src/history/sample-history.ts';
import { SampleRing } from '../../src/history/sample-ring.ts';

const START = 1_700_000_000_000;
const measures = [
  { name: 'load', keeps: 'max' },
  { name: 'ready', keeps: 'min' },
  { name: 'skew', keeps: 'farthest' },
] as const;
const ringOf = () => new SampleRing({ measures, intervalMs: 10, capacity: 4 });

test('of several values within one point the worst is kept, and gaps are null', () => {
  const ring = ringOf();
  ring.add(START, [0.5, 3, -2]);
  ring.add(START + 9, [0.25, 2, 1]);
  ring.add(START + 20, [1, undefined, Number.NaN]);
  assert.deepEqual(ring.points(START + 35), {
    intervalMs: 10,
    from: START,
    columns: { load: [0.5, null, 1, null], ready: [2, null, null, null], skew: [-2, null, null, null] },
  });
});

test('old points make room for new ones, also across a gap longer than all of them', () => {
  const ring = ringOf();
  for (let point = 0; point < 6; point += 1) ring.add(START + point * 10, [point, 1, 0]);
  assert.deepEqual(ring.points(START + 50).columns['load'], [2, 3, 4, 5]);
  assert.equal(ring.points(START + 50).from, START + 20);
  assert.deepEqual(ring.points(START + 70).columns['load'], [4, 5, null, null]);
  assert.equal(ring.points(START + 200).from, undefined);
  ring.add(START + 100, [7, 1, 0]);
  assert.deepEqual(ring.points(START + 110).columns['load'], [7, null]);
});

test('every point is found again, across three times as many as are kept, with gaps of every length', () => {
  const capacity = 300;
  const ring = new SampleRing({ measures, intervalMs: 10, capacity });
  const written = new Map<number, number>();
  let point = 0;
  for (let step = 0; point < 3 * capacity; step += 1) {
    const value = step % 1_000;
    written.set(point, value);
    ring.add(START + point * 10, [value, 1, 0]);
    const oldest = point - capacity + 1;
    const expected = Array.from({ length: Math.min(point + 1, capacity) }, (_, index) => {
      return written.get(Math.max(0, oldest) + index) ?? null;
    });
    assert.deepEqual(ring.points(START + point * 10).columns['load'], expected);
    point += 1 + (step % 7) * (step % 11);
  }
});

test('a clock that was set back continues, whatever the distance', () => {
  const ring = ringOf();
  ring.add(START, [1, 1, 0]);
  ring.add(START - 20, [2, 1, 0]);
  assert.deepEqual(ring.points(START).columns['load'], [2, null, 1]);
  ring.add(START - 1_000, [3, 1, 0]);
  assert.deepEqual(ring.points(START - 1_000).columns['load'], [3]);
});

const sampleAt = (at: number): Sample => ({
  at,
  cpuLoad: 0.5,
  memoryAvailable: 1,
  memoryUsed: 0.25,
  eventLoopP99: 12,
  streams: 70_000,
  skew: -90_000,
  roundTrip: undefined,
});

test('an agent has points of an hour and of a day; too many agents have none until others are gone for a day', () => {
  const history = new SampleHistory(2);
  for (const id of ['a', 'b', 'c']) history.addAgent(id, sampleAt(START));
  assert.equal(history.ofAgent('c', 'hour', START), undefined);
  const { columns, intervalMs } = history.ofAgent('a', 'day', START) ?? {};
  assert.equal(intervalMs, 60_000);
  assert.deepEqual(columns?.['skewSeconds'], [-90]);
  // Two bytes: the greatest number, with three digits.
  assert.ok((columns?.['streams']?.[0] ?? 0) > 65_000);
  assert.deepEqual(columns?.['roundTripMs'], [null]);
  const later = START + 25 * 3_600_000;
  history.addAgent('b', sampleAt(later));
  history.addAgent('c', sampleAt(later));
  assert.equal(history.ofAgent('a', 'hour', later), undefined);
  assert.notEqual(history.ofAgent('c', 'hour', later)?.from, undefined);
});
