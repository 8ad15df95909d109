import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentHistory, PoolHistory, StateChange } from '@penstock/api-schema';
import { testView } from '../fleet/test-view.ts';
import { apiRig, assertProblem } from './api-rig.ts';

test('the history of agents and pools, and the changes of states', async () => {
  await using api = await apiRig();
  const { history, rig, live } = api;
  const at = rig.clock.now;
  live.agents = [testView('a1'), testView('a2')];
  const sample = { at, cpuLoad: 0.5, memoryAvailable: 1, memoryUsed: 0.75, eventLoopP99: 12, streams: 7 };
  history.addAgent('agt_a1', { ...sample, skew: 1_500, roundTrip: 3 });
  history.addPools(
    [
      {
        name: 'dc1',
        ready: 2,
        sessions: 8,
        streams: { open: 7, opening: 0 },
        queue: { waiting: 1, limit: 10 },
      },
    ],
    at,
  );

  const agent = await api.ask<AgentHistory>('GET', '/api/v1/agents/a1/history?range=day', { as: 'viewer' });
  assert.equal(agent.status, 200, agent.text);
  const { name, recorded, intervalMs, from, ...columns } = agent.body;
  assert.deepEqual({ name, recorded, intervalMs }, { name: 'a1', recorded: true, intervalMs: 60_000 });
  assert.ok(Date.parse(from ?? '') <= at);
  assert.deepEqual(columns, {
    cpuLoad: [0.5],
    memoryUsed: [0.75],
    eventLoopP99Ms: [12],
    streams: [7],
    skewSeconds: [1.5],
    roundTripMs: [3],
  });
  const silent = await api.ask<AgentHistory>('GET', '/api/v1/agents/a2/history', { as: 'viewer' });
  assert.deepEqual([silent.body.recorded, silent.body.cpuLoad], [false, []]);

  const pool = await api.ask<PoolHistory>('GET', '/api/v1/pools/dc1/history', { as: 'viewer' });
  assert.deepEqual([pool.body.ready, pool.body.waiting, pool.body.intervalMs], [[2], [1], 10_000]);
  assertProblem(await api.ask('GET', '/api/v1/agents/a3/history', { as: 'viewer' }), 404, 'NOT_FOUND', /a3/);
  assertProblem(
    await api.ask('GET', '/api/v1/pools/dc9/history', { as: 'viewer' }),
    404,
    'POOL_UNKNOWN',
    /dc9/,
  );

  const row = (id: string, state: string, code: string, beforeState: string | null) => ({
    ...{ id, at, agentId: 'id-a1', agent: 'a1', pool: 'dc1', state, code, detail: null },
    ...{ beforeState, beforeCode: beforeState && 'CONNECTED' },
  });
  await rig.store.stateChanges.insert([
    row('1', 'connected', 'CONNECTED', null),
    row('2', 'disconnected', 'NO_SESSION', 'connected'),
    row('3', 'a-newer-state', 'NEWER', 'connected'),
  ]);
  const path = '/api/v1/state-changes?agent=a1';
  const { body } = await api.ask<{ items: StateChange[]; nextCursor?: string }>('GET', path, {
    as: 'viewer',
  });
  assert.deepEqual(
    body.items.map(({ id, state, before }) => [id, state, before?.state]),
    [
      ['2', 'disconnected', 'connected'],
      ['1', 'connected', undefined],
    ],
  );
  assert.ok((body.items[0]?.message ?? '').length > 0);
  const page = await api.ask<{ nextCursor?: string }>('GET', `${path}&limit=2`, { as: 'viewer' });
  assert.equal(page.body.nextCursor, '2');
});
