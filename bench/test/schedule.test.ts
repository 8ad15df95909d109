import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cell } from '../cells/cell.ts';
import type { RouteName } from '../routes/route.ts';
import { schedule } from '../schedule.ts';

const cell = (title: string, routes: readonly RouteName[], fresh = false): Cell => ({
  group: 'throughput',
  title,
  metrics: [],
  routes,
  fresh,
  measure: async () => new Map(),
});

const plan = (cells: readonly Cell[], routes: readonly RouteName[], rounds: number) =>
  [...schedule(cells, routes, rounds)].map((step) => `${step.round} ${step.cell.title} ${step.route}`);

test('routes alternate within a cell, in an order that rotates with the round', () => {
  const both: RouteName[] = ['direct', 'haproxy'];
  assert.deepEqual(plan([cell('a', both), cell('b', both)], both, 1), [
    '0 a direct',
    '0 a haproxy',
    '0 b direct',
    '0 b haproxy',
    '1 a haproxy',
    '1 a direct',
    '1 b haproxy',
    '1 b direct',
  ]);
});

test('a cell is omitted for routes that it does not apply to, and has no warm-up if it starts its own processes', () => {
  const cells = [cell('held', ['haproxy'], true)];
  assert.deepEqual(plan(cells, ['direct', 'haproxy'], 2), ['1 held haproxy', '2 held haproxy']);
});
