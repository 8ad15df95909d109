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

test('a dry run says what a pin would do to each agent, as the pin then does it', async () => {
  const config = { version: 13, digest: 'sha256/13' };
  const other = { version: 14, digest: 'sha256/14' };
  const connected = { config, connectedSince: 1 };
  const pin = { ...other, mode: 'enforce', scope: 'agent', drift: 'version' } as const;
  const agents = new Map(
    [
      testView('old', connected),
      testView('edited', { ...connected, config: { ...other, digest: 'sha256/0' } }),
      testView('new', { ...connected, config: other }),
      testView('lenient', { ...connected, pool: 'dc2' }),
      testView('elsewhere', { ...connected, pool: 'dc3' }),
      testView('away', { config: undefined, connectedSince: undefined }),
      testView('held', { ...connected, state: 'quarantined', code: 'CONFIG_DRIFT', pin }),
    ].map((agent) => [agent.name, agent]),
  );
  const dependencies = {
    fleet: {
      agent: (name: string) => agents.get(name),
      pools: () => [
        { name: 'dc1', requireApproval: [], pinning: 'enforce' },
        { name: 'dc2', requireApproval: [], pinning: 'report' },
        { name: 'dc3', requireApproval: [], pinning: 'enforce' },
      ],
      pinListing: () => [],
      versions: { of: async (pool: string) => (pool === 'dc3' ? undefined : other) },
    },
    clock: systemClock,
    problemOf: (error: unknown) => assert.fail(String(error)),
  } as unknown as BulkDependencies;
  const order = { names: [...agents.keys()], dryRun: true } as const;
  const operator = { id: 'admin-token:1', role: 'operator' } as const;
  const items = await runBulk({ ...order, action: 'pin', version: 14 }, operator, dependencies);
  assert.deepEqual(
    items.map(({ name, outcome, effect }) => [name, outcome, effect]),
    [
      ['old', 'done', 'quarantined'],
      ['edited', 'done', 'quarantined'],
      ['new', 'done', undefined],
      ['lenient', 'done', 'drifting'],
      ['elsewhere', 'failed', undefined],
      ['away', 'done', 'away'],
      ['held', 'done', undefined],
    ],
  );
  assert.match(items[0]?.detail ?? '', /runs version 13, not version 14/);
  assert.match(
    items[1]?.detail ?? '',
    /version 14 with digest sha256\/0, but the published one has sha256\/14/,
  );
  assert.match(items[4]?.detail ?? '', /not published for pool dc3/);
  const held = { ...order, names: ['held'], action: 'unpin', version: undefined } as const;
  const [released] = await runBulk(held, operator, dependencies);
  assert.deepEqual([released?.outcome, released?.effect], ['done', 'released']);
});
