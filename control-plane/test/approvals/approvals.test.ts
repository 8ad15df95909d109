import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApprovableAction } from '@penstock/config-schema';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import type { Requester } from '../../src/actor.ts';
import { Approvals } from '../../src/approvals/approvals.ts';
import { FleetEvents } from '../../src/events/events.ts';
import { createAdminToken, revokeAdminToken } from '../../src/identity/admin-token.ts';

const HOUR = 60 * 60_000;

async function scene(needs: readonly ApprovableAction[] = ['drain']) {
  const opened = await openTestStore();
  const { store } = opened;
  const clock = { now: 1_700_000_000_000 };
  /** Ids of agents by name. */
  const agents = new Map<string, string>();
  const events = new FleetEvents();
  const published: string[] = [];
  events.listen({
    event: ({ type, data }) => {
      if (type === 'approval') published.push(data.state);
    },
    end: () => undefined,
  });
  const failures: unknown[] = [];
  const open = () =>
    Approvals.open({
      store,
      needs: (pool) => (pool === 'dc1' ? needs : []),
      events,
      agentId: (name) => agents.get(name),
      clock: () => clock.now,
      onFailed: (error) => failures.push(error),
    });
  const requester = async (role: Requester['role']): Promise<Requester & { tokenId: string }> => {
    const { id } = await createAdminToken(store, { name: role, role }, { id: 'host' }, clock.now);
    return { tokenId: id, id: `admin-token:${id}`, role };
  };
  return {
    store,
    clock,
    agents,
    published,
    failures,
    open,
    operator: await requester('operator'),
    admin: await requester('admin'),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

const request = { pool: 'dc1', subject: 'agent:a', arguments: { reason: 'kernel' } };

test('what no pool leaves to an admin runs at once, and so does what an admin asks for', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const ran: unknown[] = [];
  const drain = approvals.action('drain', async (...what) => ran.push(what));
  assert.deepEqual(await drain({ ...request, pool: 'dc2' }, at.operator), { kind: 'done', value: 1 });
  assert.deepEqual(await drain(request, at.admin), { kind: 'done', value: 2 });
  const resume = approvals.action('resume', async () => 'resumed');
  assert.deepEqual(await resume(request, at.operator), { kind: 'done', value: 'resumed' });
  assert.deepEqual(ran[1], [request, at.admin]);
  assert.deepEqual(await approvals.list({ pending: false, limit: 9 }), []);
});

test('an operator’s request waits, is approved, runs in his name, and its outcome is kept', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const ran: unknown[] = [];
  const drain = approvals.action('drain', async (...what) => {
    ran.push(what);
    return { drained: true };
  });
  const asked = await drain(request, at.operator);
  assert.equal(asked.kind, 'waiting');
  assert.deepEqual(await drain(request, at.operator), asked, 'asking again is no second request');
  assert.deepEqual(ran, []);
  const [row] = await approvals.list({ pending: true, limit: 9 });
  assert.ok(row);
  const answer = await approvals.decide(row.id, 'approved', at.admin);
  assert.equal(answer?.decided, true);
  await answer?.settled;
  assert.deepEqual(ran, [[request, { id: at.operator.id }]]);
  const done = await approvals.byId(row.id);
  assert.deepEqual([done?.state, done?.decidedBy, done?.outcome], ['done', at.admin.id, 'It was done.']);
  assert.deepEqual(approvals.resultOf(row.id), { value: { drained: true } });
  assert.deepEqual(at.published, ['pending', 'approved', 'done']);
  assert.deepEqual(await approvals.list({ pending: true, limit: 9 }), []);
  const trail = (await at.store.audit.list({ limit: 2 })).map(({ action, actor }) => [action, actor]);
  assert.deepEqual(trail, [
    ['approval.approve', at.admin.id],
    ['approval.request', at.operator.id],
  ]);
});

test('of two who decide at once one does, and a denied action never runs', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const drain = approvals.action('drain', async () => assert.fail('it was denied'));
  const asked = await drain(request, at.operator);
  assert.equal(asked.kind, 'waiting');
  const { id } = asked.approval;
  const answers = await Promise.all([1, 2].map(() => approvals.decide(id, 'denied', at.admin)));
  assert.deepEqual(answers.map((answer) => answer?.decided).sort(), [false, true]);
  const late = await approvals.decide(id, 'approved', at.admin);
  assert.equal(late?.decided, false);
  await late?.settled;
  assert.equal((await approvals.byId(id))?.state, 'denied');
  assert.equal(await approvals.decide('no-such', 'approved', at.admin), undefined);
});

test('nobody can approve what waited too long', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const drain = approvals.action('drain', async () => assert.fail('it has expired'));
  const asked = await drain(request, at.operator);
  assert.equal(asked.kind, 'waiting');
  at.clock.now += 24 * HOUR;
  assert.equal(approvals.stateOf(asked.approval), 'expired');
  assert.equal((await approvals.decide(asked.approval.id, 'approved', at.admin))?.decided, false);
  const again = await drain(request, at.operator);
  assert.equal(again.kind, 'waiting');
  assert.notEqual(again.approval.id, asked.approval.id);
});

test('an action that fails says why, and who lost the right to ask gets nothing', async () => {
  await using at = await scene();
  const approvals = await at.open();
  let ran = 0;
  const drain = approvals.action('drain', async () => {
    ran += 1;
    throw new Error('The agent is not connected.');
  });
  const outcomes = [];
  for (const subject of ['agent:a', 'agent:b']) {
    const asked = await drain({ ...request, subject }, at.operator);
    assert.equal(asked.kind, 'waiting');
    if (subject === 'agent:b') {
      await revokeAdminToken(at.store, at.operator.tokenId, { id: 'host' }, at.clock.now);
    }
    await (await approvals.decide(asked.approval.id, 'approved', at.admin))?.settled;
    const { state, outcome } = (await approvals.byId(asked.approval.id)) ?? {};
    outcomes.push([state, outcome]);
  }
  assert.deepEqual(outcomes, [
    ['failed', 'The agent is not connected.'],
    ['failed', 'The admin token that asked for this was revoked meanwhile.'],
  ]);
  assert.equal(ran, 1);
  assert.deepEqual(at.failures, []);
});

test('an approved action does not run on another agent that has received the name meanwhile', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const ran: string[] = [];
  const drain = approvals.action('drain', async () => ran.push(at.agents.get('a') ?? ''));
  at.agents.set('a', 'agt_1');
  const first = await drain(request, at.operator);
  at.agents.set('a', 'agt_2');
  const second = await drain(request, at.operator);
  assert.ok(first.kind === 'waiting' && second.kind === 'waiting');
  assert.notEqual(first.approval.id, second.approval.id, 'a request for another agent is another approval');
  for (const { approval } of [first, second]) {
    await (await approvals.decide(approval.id, 'approved', at.admin))?.settled;
  }
  assert.deepEqual(ran, ['agt_2']);
  const refused = await approvals.byId(first.approval.id);
  assert.equal(refused?.state, 'failed');
  assert.match(refused?.outcome ?? '', /^agent:a is now another agent/);
});

test('what ran when the gateway ended counts as failed; what waited still waits', async () => {
  await using at = await scene();
  const before = await at.open();
  const { promise: never } = Promise.withResolvers<void>();
  const drain = before.action('drain', () => never);
  const running = await drain(request, at.operator);
  const waiting = await drain({ ...request, subject: 'agent:b' }, at.operator);
  assert.ok(running.kind === 'waiting' && waiting.kind === 'waiting');
  await before.decide(running.approval.id, 'approved', at.admin);

  const after = await at.open();
  after.action('drain', async () => 'after the restart');
  assert.equal((await after.byId(running.approval.id))?.state, 'failed');
  await (await after.decide(waiting.approval.id, 'approved', at.admin))?.settled;
  assert.deepEqual(after.resultOf(waiting.approval.id), { value: 'after the restart' });
});

test('approvals that wait are bounded', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const drain = approvals.action('drain', async () => undefined);
  for (let count = 0; count < 200; count += 1) {
    await drain({ ...request, subject: `agent:${count}` }, at.operator);
  }
  await assert.rejects(drain({ ...request, subject: 'agent:more' }, at.operator), /200 approvals wait/);
  assert.equal((await approvals.list({ pending: true, limit: 500 })).length, 200);
});
