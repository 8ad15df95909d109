import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApprovableAction } from '@penstock/config-schema';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import type { Requester } from '../../src/actor.ts';
import { Approvals } from '../../src/approvals/approvals.ts';
import { FleetEvents } from '../../src/events/events.ts';
import { createAdminToken, revokeAdminToken } from '../../src/identity/admin-token.ts';
import { lifeOf } from '../../src/leadership/leadership.ts';

const HOUR_MS = 60 * 60_000;

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
  const open = (epoch?: string) =>
    Approvals.open({
      store,
      epoch,
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

test('an action runs immediately if the pool requires no approval, or an admin requests it', async () => {
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

test('a request of an operator waits, is approved, runs on behalf of the operator, and its outcome is stored', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const ran: unknown[] = [];
  const drain = approvals.action('drain', async (...what) => {
    ran.push(what);
    return { drained: true };
  });
  const asked = await drain(request, at.operator);
  assert.equal(asked.kind, 'waiting');
  assert.deepEqual(await drain(request, at.operator), asked, 'a repeated request is the same approval');
  assert.deepEqual(ran, []);
  const [row] = await approvals.list({ pending: true, limit: 9 });
  assert.ok(row);
  const answer = await approvals.decide(row.id, 'approved', at.admin);
  assert.equal(answer?.decided, true);
  await answer?.settled;
  assert.deepEqual(ran, [[request, { id: at.operator.id }]]);
  const done = await approvals.byId(row.id);
  assert.deepEqual(
    [done?.state, done?.decidedBy, done?.outcome],
    ['done', at.admin.id, 'The action succeeded.'],
  );
  assert.deepEqual(approvals.resultOf(row.id), { value: { drained: true } });
  assert.deepEqual(at.published, ['pending', 'approved', 'done']);
  assert.deepEqual(await approvals.list({ pending: true, limit: 9 }), []);
  const trail = (await at.store.audit.list({ limit: 2 })).map(({ action, actor }) => [action, actor]);
  assert.deepEqual(trail, [
    ['approval.approve', at.admin.id],
    ['approval.request', at.operator.id],
  ]);
});

test('of two concurrent decisions one takes effect, and a denied action never runs', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const drain = approvals.action('drain', async () => assert.fail('it was denied'));
  const asked = await drain(request, at.operator);
  assert.equal(asked.kind, 'waiting');
  const { id } = asked.approval;
  const decisions = await Promise.all([1, 2].map(() => approvals.decide(id, 'denied', at.admin)));
  assert.deepEqual(decisions.map((decision) => decision?.decided).sort(), [false, true]);
  const late = await approvals.decide(id, 'approved', at.admin);
  assert.equal(late?.decided, false);
  await late?.settled;
  assert.equal((await approvals.byId(id))?.state, 'denied');
  assert.equal(await approvals.decide('no-such', 'approved', at.admin), undefined);
});

test('an expired approval cannot be approved', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const drain = approvals.action('drain', async () => assert.fail('it has expired'));
  const asked = await drain(request, at.operator);
  assert.equal(asked.kind, 'waiting');
  at.clock.now += 24 * HOUR_MS;
  assert.equal(approvals.stateOf(asked.approval), 'expired');
  assert.equal((await approvals.decide(asked.approval.id, 'approved', at.admin))?.decided, false);
  const again = await drain(request, at.operator);
  assert.equal(again.kind, 'waiting');
  assert.notEqual(again.approval.id, asked.approval.id);
});

test('a failed action stores its reason, and an action of a revoked token does not run', async () => {
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
    ['failed', 'The admin token that requested this has been revoked.'],
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
  assert.match(refused?.outcome ?? '', /^agent:a is not the agent that it was/);
});

test('after a restart, an action that was running has failed, and a pending approval is still pending', async () => {
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

test('an action that another gateway runs has not failed before that gateway is gone', async () => {
  await using at = await scene();
  const lease = { name: lifeOf('e1'), holder: 'e1' };
  const taken = await at.store.leases.take(lease.name, lease.holder, HOUR_MS);
  const first = await at.open('e1');
  const { promise: drained, resolve } = Promise.withResolvers<string>();
  const drain = first.action('drain', () => drained);
  const one = await drain(request, at.operator);
  const other = await drain({ ...request, subject: 'agent:b' }, at.operator);
  assert.ok(one.kind === 'waiting' && other.kind === 'waiting' && taken !== undefined);
  const running = await first.decide(one.approval.id, 'approved', at.admin);
  await first.decide(other.approval.id, 'approved', at.admin);

  const second = await at.open('e2');
  assert.equal((await second.byId(one.approval.id))?.state, 'approved');
  await at.store.leases.release({ ...lease, epoch: taken.epoch });
  await second.failAbandoned();
  const failed = await second.byId(other.approval.id);
  assert.deepEqual(
    [failed?.state, failed?.outcome],
    ['failed', 'The gateway stopped before the action finished.'],
  );
  resolve('after all');
  await running?.settled;
});

test('the number of pending approvals is bounded', async () => {
  await using at = await scene();
  const approvals = await at.open();
  const drain = approvals.action('drain', async () => undefined);
  for (let count = 0; count < 200; count += 1) {
    await drain({ ...request, subject: `agent:${count}` }, at.operator);
  }
  await assert.rejects(
    drain({ ...request, subject: 'agent:more' }, at.operator),
    /200 approvals are pending/,
  );
  assert.equal((await approvals.list({ pending: true, limit: 500 })).length, 200);
});
