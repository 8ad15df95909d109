import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { type BulkDependencies, runBulk } from '../../src/operations/bulk-action.ts';
import { testView } from '../fleet/test-view.ts';

const requester = { id: 'admin-token:1', role: 'operator' } as const;

test('one request leaves room for the approvals of others, and does what needs none', async () => {
  const guarded = Array.from({ length: 55 }, (_, index) => testView(`g${index}`));
  const free = Array.from({ length: 5 }, (_, index) => testView(`f${index}`, { pool: 'dc2' }));
  const agents = new Map([...guarded, ...free].map((agent) => [agent.name, agent]));
  const requireApproval = ['drain'];
  const dependencies = {
    fleet: { agent: (name: string) => agents.get(name), pools: () => [{ name: 'dc1', requireApproval }] },
    actions: {
      drain: async (name: string) =>
        name.startsWith('g') ? { kind: 'waiting', approval: { id: name } } : { kind: 'done', value: {} },
    },
    clock: systemClock,
    problemOf: (error: unknown) => assert.fail(String(error)),
  } as unknown as BulkDependencies;
  const order = { action: 'drain', names: [...agents.keys()], version: undefined } as const;
  for (const dryRun of [true, false]) {
    const items = await runBulk({ ...order, dryRun }, requester, dependencies);
    const counts = Object.groupBy(items, ({ outcome }) => outcome);
    assert.deepEqual(
      [counts.waiting?.length, counts.skipped?.length, counts.done?.length],
      [50, 5, 5],
      `dryRun: ${dryRun}`,
    );
    assert.match(counts.skipped?.[0]?.detail ?? '', /50 approvals/);
  }
});
