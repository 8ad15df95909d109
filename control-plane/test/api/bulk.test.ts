import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentDetail, BulkResult } from '@penstock/api-schema';
import { testView } from '../fleet/test-view.ts';
import { agentKey, FROM, requestOf } from '../identity/identity-rig.ts';
import { type ApiRig, apiRig, assertProblem } from './api-rig.ts';

const PATH = '/api/v1/agents/bulk';

async function enroll({ rig, fleet }: ApiRig, name: string): Promise<void> {
  const { csr } = await agentKey();
  const request = requestOf(await rig.token({ uses: 1 }), csr, { name });
  const { agentId: id, notAfter } = await rig.identity.enrollment.enroll(request, FROM);
  fleet.issued({ id, name, pool: 'dc1', notAfter: Date.parse(notAfter) });
}

const outcomes = ({ items }: BulkResult) =>
  Object.fromEntries(items.map(({ name, outcome }) => [name, outcome]));

test('a bulk action is tried without effect, is refused for another number, and reports each agent', async () => {
  await using api = await apiRig();
  for (const name of ['a1', 'a2', 'b1']) await enroll(api, name);
  const ask = (body: object, as = 'operator') => api.ask<BulkResult>('POST', PATH, { as, body });

  const filter = { q: 'a' };
  const tried = await ask({ action: 'drain', filter, dryRun: true });
  assert.equal(tried.status, 200, tried.text);
  assert.equal(tried.body.matched, 2);
  assert.deepEqual(outcomes(tried.body), { a1: 'done', a2: 'done' });
  assert.equal(api.fleet.agent('a1')?.drainedAt, undefined);

  const differing = await ask({ action: 'drain', filter, expected: 3 });
  assertProblem(differing, 409, 'BULK_COUNT', /2 agents rather than 3/);
  assert.equal(api.fleet.agent('a1')?.drainedAt, undefined);

  const done = await ask({ action: 'drain', filter, expected: 2 });
  assert.deepEqual(outcomes(done.body), { a1: 'done', a2: 'done' });
  assert.notEqual(api.fleet.agent('a2')?.drainedAt, undefined);
  const { length } = await api.rig.store.audit.list({ action: 'agent.drain', limit: 10 });
  assert.equal(length, 2);

  const agents = ['b1', 'a1', 'c1', 'a1'];
  const named = await ask({ action: 'drain', agents, expected: 3 });
  assert.deepEqual(outcomes(named.body), { b1: 'done', a1: 'unchanged', c1: 'failed' });
  assert.deepEqual(
    named.body.items.map(({ name, code }) => [name, code]),
    [
      ['b1', undefined],
      ['a1', undefined],
      ['c1', 'NOT_FOUND'],
    ],
  );
  assert.deepEqual(named.body.counts, { done: 1, waiting: 0, unchanged: 1, failed: 1, skipped: 0 });

  // Those without a session cannot restart.
  const restart = await ask({ action: 'restart', agents: ['a1'], expected: 1 });
  assert.equal(restart.body.items[0]?.code, 'AGENT_OFFLINE');

  assertProblem(
    await ask({ action: 'revoke', agents: ['a1'], expected: 1 }),
    403,
    'ROLE_INSUFFICIENT',
    /admin/,
  );
  const revoked = await ask({ action: 'revoke', agents: ['a1'], expected: 1 }, 'admin');
  assert.deepEqual(outcomes(revoked.body), { a1: 'done' });
  assert.equal(await api.rig.store.agents.byName('a1'), undefined);
});

test('each agent of a bulk action can require an approval', async () => {
  await using api = await apiRig();
  await enroll(api, 'a1');
  api.live.approval = ['drain'];
  const body = { action: 'drain', agents: ['a1'], expected: 1 };
  const { items } = (await api.ask<BulkResult>('POST', PATH, { as: 'operator', body })).body;
  assert.equal(items[0]?.outcome, 'waiting');
  assert.equal((await api.approvals.byId(items[0]?.approval ?? ''))?.subject, 'agent:a1');
});

test('what a bulk action needs is said', async () => {
  await using api = await apiRig();
  const cases = [
    [{ action: 'drain', expected: 1 }, /agents or filter/],
    [{ action: 'drain', agents: ['a1'], filter: {}, expected: 1 }, /agents or filter/],
    [{ action: 'drain', agents: ['a1'] }, /expected/],
    [{ action: 'pin', agents: ['a1'], expected: 1 }, /version/],
    [{ action: 'drain', agents: ['a1'], expected: 1, version: 2 }, /version/],
    [{ action: 'explode', agents: ['a1'], expected: 1 }, /action/],
    [{ action: 'drain', filter: { state: 'bored' }, expected: 1 }, /bored/],
  ] as const;
  for (const [body, words] of cases) {
    assertProblem(await api.ask('POST', PATH, { as: 'operator', body }), 400, 'REQUEST_INVALID', words);
  }
});

test('an agent says what can be done with it, and why not', async () => {
  await using api = await apiRig();
  const policy = { logs: 'allow', restart: 'deny', probe: 'none' } as const;
  api.live.agents = [testView('a1', { policy }), testView('a2', { sessions: { got: 0, wanted: 2 } })];
  const operationsOf = async (name: string, as: string) =>
    (await api.ask<AgentDetail>('GET', `/api/v1/agents/${name}`, { as })).body.operations;

  const mine = await operationsOf('a1', 'operator');
  assert.deepEqual(mine.drain, { allowed: true, approval: false });
  assert.deepEqual([mine.restart.code, mine.probe.code], ['AGENT_REFUSED', 'AGENT_REFUSED']);
  assert.match(mine.restart.reason ?? '', /policy\.remote\.restart is deny/);
  assert.deepEqual([mine.revoke.code, mine.resume.code], ['ROLE_INSUFFICIENT', 'NOT_NEEDED']);
  assert.equal((await operationsOf('a1', 'viewer')).drain.code, 'ROLE_INSUFFICIENT');
  const away = await operationsOf('a2', 'admin');
  assert.deepEqual([away.logs.code, away.revoke.allowed], ['AGENT_OFFLINE', true]);
});
