import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApprovalResource } from '@penstock/api-schema';
import { type ApiRig, apiRig, assertProblem } from './api-rig.ts';

const PATH = '/api/v1/approvals';

/** Creates a pending request of an operator and returns the ID of its approval. */
async function waiting(api: ApiRig, run: () => Promise<unknown>): Promise<string> {
  api.live.approval = ['restart'];
  const restart = api.approvals.action('restart', run);
  const requester = `admin-token:${api.tokens.operator.split('_')[2]}`;
  const asked = await restart(
    { pool: 'dc1', subject: 'agent:orders-1', arguments: { within: 5 } },
    { id: requester, role: 'operator' },
  );
  assert.equal(asked.kind, 'waiting');
  return asked.approval.id;
}

test('an approval is listed, can only be approved by an admin, and reports the outcome', async () => {
  await using api = await apiRig();
  const id = await waiting(api, async () => ({ restarted: true }));
  const { body } = await api.ask<{ items: ApprovalResource[] }>('GET', `${PATH}?state=pending`, {
    as: 'viewer',
  });
  const requestedAt = new Date(api.rig.clock.now).toISOString();
  assert.deepEqual(body.items, [
    {
      id,
      action: 'restart',
      subject: 'agent:orders-1',
      pool: 'dc1',
      arguments: { within: 5 },
      state: 'pending',
      requestedAt,
      requestedBy: `admin-token:${api.tokens.operator.split('_')[2]}`,
      expiresAt: new Date(api.rig.clock.now + 24 * 60 * 60_000).toISOString(),
    },
  ]);
  assertProblem(await api.ask('POST', `${PATH}/${id}/approve`, { as: 'operator' }), 403, 'ROLE_INSUFFICIENT');
  assertProblem(
    await api.ask('GET', `${PATH}/${id}/result`, { as: 'operator' }),
    404,
    'NOT_FOUND',
    /is pending/,
  );
  const approved = await api.ask<ApprovalResource>('POST', `${PATH}/${id}/approve`, { as: 'admin' });
  assert.equal(approved.status, 200, approved.text);
  assert.deepEqual([approved.body.state, approved.body.outcome], ['done', 'The action succeeded.']);
  assert.equal(approved.body.decidedBy, `admin-token:${api.tokens.admin.split('_')[2]}`);
  assert.deepEqual((await api.ask('GET', `${PATH}/${id}`, { as: 'viewer' })).body, approved.body);
  const result = await api.ask('GET', `${PATH}/${id}/result`, { as: 'operator' });
  assert.deepEqual(result.body, { value: { restarted: true } });
  assertProblem(
    await api.ask('POST', `${PATH}/${id}/deny`, { as: 'admin' }),
    409,
    'APPROVAL_DECIDED',
    /is already done/,
  );
});

test('denied and unknown approvals are reported', async () => {
  await using api = await apiRig();
  const id = await waiting(api, async () => assert.fail('it was denied'));
  const denied = await api.ask<ApprovalResource>('POST', `${PATH}/${id}/deny`, { as: 'admin' });
  assert.equal(denied.body.state, 'denied');
  const pending = await api.ask<{ items: unknown[] }>('GET', `${PATH}?state=pending`, { as: 'viewer' });
  assert.deepEqual(pending.body.items, []);
  for (const path of ['x', 'x/result']) {
    assertProblem(await api.ask('GET', `${PATH}/${path}`, { as: 'admin' }), 404, 'NOT_FOUND');
  }
  for (const verb of ['approve', 'deny']) {
    assertProblem(await api.ask('POST', `${PATH}/x/${verb}`, { as: 'admin' }), 404, 'NOT_FOUND');
  }
});
