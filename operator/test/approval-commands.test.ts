import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { type CliRig, cliRig } from './cli-rig.ts';

const operatorOf = ({ api }: CliRig) => ({
  id: `admin-token:${api.tokens.operator.split('_')[2]}`,
  role: 'operator' as const,
});

test('approvals are listed, shown, approved and denied', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig();
  assert.equal((await rig.cli('approval', 'list')).stdout, 'There are no pending approvals.\n');
  rig.api.live.approval = ['restart', 'logs'];
  const restart = rig.api.approvals.action('restart', async () => undefined);
  const logs = rig.api.approvals.action('logs', async () => {
    throw new Error('The agent is not connected.');
  });
  const request = { pool: 'dc1', subject: 'agent:orders-1', arguments: { limit: 5 } };
  const first = await restart(request, operatorOf(rig));
  const second = await restart({ ...request, subject: 'agent:orders-2' }, operatorOf(rig));
  const third = await logs(request, operatorOf(rig));
  assert.ok(first.kind === 'waiting' && second.kind === 'waiting' && third.kind === 'waiting');

  const listed = await rig.cli('approval', 'list');
  assert.match(
    listed.stdout,
    new RegExp(`^${second.approval.id}\\s+pending\\s+restart\\s+agent:orders-2\\s+a operator\\s`, 'm'),
  );
  const approved = await rig.cli('approval', 'approve', first.approval.id, '--yes');
  assert.equal(approved.stdout, 'restart of agent:orders-1 was approved and is done.\n');
  const denied = await rig.cli('approval', 'deny', second.approval.id);
  assert.equal(denied.stdout, 'restart of agent:orders-2 is denied.\n');
  const failed = await rig.cli('approval', 'approve', third.approval.id, '--yes');
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /logs of agent:orders-1 was approved but failed: The agent is not connected/);

  const shown = await rig.cli('approval', 'show', second.approval.id);
  assert.match(shown.stdout, /^state\s+denied$/m);
  assert.match(shown.stdout, /^decided by\s+a admin, /m);
  assert.match(shown.stdout, /^arguments\s+\{"limit":5\}$/m);
  const all = JSON.parse((await rig.cli('approval', 'list', '--all', '--output', 'json')).stdout) as {
    items: { state: string }[];
  };
  assert.deepEqual(
    all.items.map(({ state }) => state),
    ['failed', 'denied', 'done'],
  );
});

test('the result of an approved action is printed as its command would print it', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig('operator');
  rig.api.live.approval = ['logs', 'probe'];
  const bundle = {
    lines: [{ time: '2026-01-02T03:04:05.000Z', level: 'info', event: 'agent-started', msg: 'It started.' }],
    redactions: {},
    omitted: { 'not JSON': 2 },
  };
  const logs = rig.api.approvals.action('logs', async () => bundle);
  const refused = { message: 'The target refused.', advice: 'Start it.', reach: 'refused', stages: [] };
  const probe = rig.api.approvals.action('probe', async () => refused);
  const request = { pool: 'dc1', subject: 'agent:orders-1', arguments: { limit: 5 } };
  const first = await logs(request, operatorOf(rig));
  const second = await probe(request, operatorOf(rig));
  assert.ok(first.kind === 'waiting' && second.kind === 'waiting');

  const early = await rig.cli('approval', 'result', first.approval.id);
  assert.equal(early.exitCode, 1);
  assert.match(early.stderr, /There is no result: the approval is pending\./);
  for (const { approval } of [first, second]) {
    const decided = await rig.api.approvals.decide(approval.id, 'approved', { id: 'host', role: 'admin' });
    await decided?.settled;
  }
  const printed = await rig.cli('approval', 'result', first.approval.id);
  assert.match(printed.stdout, /^2026-01-02T03:04:05\.000Z INFO {2}It started\./);
  assert.equal(printed.stderr, 'Lines omitted: 2 (not JSON).\n');
  const json = await rig.cli('approval', 'result', first.approval.id, '--output', 'json');
  assert.deepEqual(JSON.parse(json.stdout), bundle);
  const probed = await rig.cli('approval', 'result', second.approval.id);
  assert.equal(probed.exitCode, 1);
  assert.match(probed.stdout, /The target refused\./);
});

test('a command that requires approval says so and has a distinct exit code', async () => {
  await using rig = await cliRig('operator');
  rig.api.live.approval = ['drain'];
  rig.api.fleet.issued({ id: 'agt_1', name: 'orders-1', pool: 'dc1', notAfter: Date.now() + 60_000 });
  const asked = await rig.cli('agent', 'drain', 'orders-1');
  assert.deepEqual([asked.exitCode, asked.stdout], [3, '']);
  assert.match(asked.stderr, /drain of agent:orders-1 requires the approval of an admin\./);
  assert.match(asked.stderr, /penstock-gateway approval approve \S+/);
});

test('the audit trail is listed with names, filters and a limit', async () => {
  await using rig = await cliRig();
  await rig.cli('token', 'create', '--pool', 'dc1');
  const listed = await rig.cli('audit', 'list', '--action', 'enrollment-token.create');
  const [head = '', line = '', ...rest] = listed.stdout.split('\n');
  assert.match(head, /^WHEN\s+ACTOR\s+ACTION\s+SUBJECT\s+FROM\s+BEFORE\s+AFTER$/);
  assert.match(
    line,
    /a admin\s+enrollment-token\.create\s+enrollment-token:\S+\s+127\.0\.0\.1\s+-\s+.*pool: dc1/,
  );
  assert.deepEqual(rest, ['']);
  const json = await rig.cli('audit', 'list', '--limit', '2', '--output', 'json');
  assert.equal((JSON.parse(json.stdout) as { items: unknown[] }).items.length, 2);
  assert.equal((await rig.cli('audit', 'list', '--limit', '0')).exitCode, 64);
  const none = await rig.cli('audit', 'list', '--subject', 'agent:nobody');
  assert.equal(none.stdout, 'The audit trail has no matching entries.\n');
});

test('sessions are listed', async () => {
  await using rig = await cliRig('viewer');
  assert.match((await rig.cli('session', 'list')).stdout, /There are no matching sessions/);
  rig.api.live.sessions = [
    {
      agent: 'orders-1',
      agentId: 'agt_1',
      pool: 'dc1',
      slot: 1,
      state: 'ready',
      address: '192.0.2.1',
      since: Date.now() - 90_000,
      roundTrip: 12.34,
      streams: { open: 3, opening: 1 },
    },
  ];
  const listed = await rig.cli('session', 'list', '--agent', 'orders-1');
  assert.match(listed.stdout, /^orders-1\s+dc1\s+1\s+ready\s+3\s+1\s+12 ms\s+1m ago\s+192\.0\.2\.1$/m);
});
