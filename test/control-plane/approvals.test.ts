import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

async function ask(pair: Pair, token: unknown, method: string, path: string): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

const stateOf = async (pair: Pair) => (await pair.api('GET /agents/a1'))['state'];

test('an operator requests a drain, an admin approves it, and both are audited', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    gateway: { pools: [{ name: 'dc1', requireApproval: ['drain'] }] },
  });
  const { token: operator, id } = await pair.api('POST /admin-tokens', { name: 'ops', role: 'operator' });
  const asked = await ask(pair, operator, 'POST', '/agents/a1/drain');
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  assert.deepEqual([asked.body['action'], asked.body['state']], ['drain', 'pending']);
  assert.equal(await stateOf(pair), 'connected');

  const approval = asked.body['id'];
  assert.equal((await ask(pair, operator, 'POST', `/approvals/${approval}/approve`)).status, 403);
  const done = await pair.api(`POST /approvals/${approval}/approve`);
  assert.equal(done['state'], 'done', JSON.stringify(done));
  await eventually('a1 to be drained', async () => (await stateOf(pair)) === 'draining');

  // Resuming requires no approval in this pool.
  assert.equal((await ask(pair, operator, 'POST', '/agents/a1/resume')).status, 200);
  await eventually('a1 to be back', async () => (await stateOf(pair)) === 'connected');

  const { items } = await pair.api('GET /audit?limit=20');
  const trail = (items as { action: string; actor: string }[]).map(
    ({ action, actor }) => `${action} ${actor}`,
  );
  assert.ok(trail.includes(`approval.request admin-token:${id}`), trail.join());
  assert.ok(trail.includes(`agent.drain admin-token:${id}`), trail.join());
  assert.ok(trail.some((entry) => entry.startsWith('approval.approve ') && !entry.endsWith(String(id))));
});
