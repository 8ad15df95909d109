import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { OpenOutcomes } from '../../src/routing/open-outcomes.ts';

const WINDOW_MS = 300_000;

function scene() {
  const clock = fakeClock();
  const outcomes = new OpenOutcomes(clock);
  outcomes.apply(new Set(['orders']), WINDOW_MS);
  return { clock, outcomes, report: () => [...outcomes.report()] };
}

test('opens are counted over the window, with the most frequent code first', () => {
  const { clock, outcomes, report } = scene();
  outcomes.opened('orders');
  clock.block(WINDOW_MS / 2);
  outcomes.failed('orders', 'DIAL_TIMEOUT', 5_000);
  for (let index = 0; index < 2; index += 1) outcomes.failed('orders', 'REFUSED', 1);
  clock.block(1_000);
  assert.deepEqual(report(), [
    {
      connection: 'orders',
      opened: 1,
      failed: 3,
      codes: [
        { code: 'REFUSED', count: 2 },
        { code: 'DIAL_TIMEOUT', count: 1 },
      ],
      sinceOpened: WINDOW_MS / 2 + 1_000,
      sinceFailed: 1_000,
      idle: 1_000,
    },
  ]);
  clock.block(WINDOW_MS / 2);
  assert.deepEqual([report()[0]?.opened, report()[0]?.failed], [0, 3]);
  clock.block(WINDOW_MS);
  assert.deepEqual([report()[0]?.failed, report()[0]?.codes], [0, []]);
});

test('clients that leave at once, are denied or exceed a limit do not count, impatient ones do', () => {
  const { outcomes, report } = scene();
  for (const code of ['CLIENT_DENIED', 'GRANT_INVALID', 'LIMIT_EXCEEDED', 'DRAIN_TIMEOUT'] as const) {
    outcomes.failed('orders', code, 5_000);
  }
  outcomes.failed('orders', 'CLIENT_GONE', 20);
  assert.equal(report()[0]?.failed, 0);
  outcomes.failed('orders', 'CLIENT_GONE', 3_000);
  assert.deepEqual(report()[0]?.codes, [{ code: 'CLIENT_GONE', count: 1 }]);
});

test('only connections of the configuration are counted, and another window starts over', () => {
  const { clock, outcomes, report } = scene();
  outcomes.opened('made-up');
  outcomes.opened('orders');
  assert.deepEqual(
    report().map(({ connection }) => connection),
    ['orders'],
  );
  outcomes.apply(new Set(['orders', 'billing']), WINDOW_MS);
  assert.deepEqual(
    report().map(({ connection, opened }) => [connection, opened]),
    [
      ['orders', 1],
      ['billing', 0],
    ],
  );
  outcomes.apply(new Set(['orders']), 10_000);
  assert.deepEqual([report().length, report()[0]?.opened], [1, 0]);
  for (let index = 0; index < 1_000; index += 1) {
    clock.block(1_000);
    outcomes.opened('orders');
  }
  assert.equal(report()[0]?.opened, 10, 'what is older is dropped');
});
