import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import { aggregateEvents, type EventFields } from '../src/index.ts';

const catalogue = {
  denied: ['warn', 'A client was denied.'],
  misbehaved: ['warn', 'A peer misbehaved.'],
  started: ['info', 'The program has started.'],
} as const;

const INTERVAL_MS = 10_000;

function start(maxSources = 100) {
  const clock = fakeClock();
  const lines: (EventFields & { readonly event: string })[] = [];
  const bySource = ({ from }: EventFields) => String(from);
  const { log, flush } = aggregateEvents<typeof catalogue>(
    (event, fields) => lines.push({ ...fields, event } as never),
    {
      sources: { denied: bySource, misbehaved: bySource },
      intervalMs: INTERVAL_MS,
      maxSources,
      after: clock.after,
    },
  );
  return { clock, lines, log, flush };
}

/** Each line stands for one event, or for as many as it says. */
const total = (lines: readonly EventFields[], event: string) =>
  lines
    .filter((line) => (line as { event?: string }).event === event)
    .reduce((sum, { repeats }) => sum + Number(repeats ?? 1), 0);

test('the first event of a source is logged at once, the others once an interval with their number', async () => {
  const { clock, lines, log } = start();
  for (let index = 0; index < 1000; index += 1) log('denied', { from: 'a', index });
  log('denied', { from: 'b' });
  log('misbehaved', { from: 'a' });
  assert.deepEqual(lines, [
    { event: 'denied', from: 'a', index: 0 },
    { event: 'denied', from: 'b' },
    { event: 'misbehaved', from: 'a' },
  ]);
  await clock.pass(INTERVAL_MS);
  assert.deepEqual(lines.slice(3), [{ event: 'denied', from: 'a', index: 999, repeats: 999 }]);
  log('denied', { from: 'a' });
  assert.equal(lines.length, 4);
  await clock.pass(INTERVAL_MS);
  assert.deepEqual(lines.at(-1), { event: 'denied', from: 'a', repeats: 1 });
});

test('events that strangers cannot cause are logged as they are', () => {
  const { lines, log, clock } = start();
  for (let index = 0; index < 10; index += 1) log('started', { from: 'a' });
  assert.equal(lines.length, 10);
  assert.deepEqual(clock.waiting, []);
});

test('a source that was silent for an interval is new, and no timer runs while all are', async () => {
  const { clock, lines, log } = start();
  log('denied', { from: 'a' });
  await clock.pass(INTERVAL_MS);
  assert.deepEqual(clock.waiting, []);
  log('denied', { from: 'a' });
  assert.equal(lines.length, 2);
  assert.equal(lines[1]?.['repeats'], undefined);
});

test('many sources share one line an interval, and none is lost', async () => {
  const { clock, lines, log } = start(10);
  for (let index = 0; index < 5000; index += 1) log('denied', { from: `address-${index}` });
  assert.equal(lines.length, 11);
  await clock.pass(INTERVAL_MS);
  assert.equal(lines.length, 12);
  assert.equal(lines.at(-1)?.['manySources'], true);
  assert.equal(total(lines, 'denied'), 5000);
});

test('flush logs what was counted, and leaves no timer', () => {
  const { clock, lines, log, flush } = start();
  for (let index = 0; index < 7; index += 1) log('misbehaved', { from: 'a' });
  flush();
  assert.equal(total(lines, 'misbehaved'), 7);
  assert.deepEqual(clock.waiting, []);
});
