import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { CommandError, confirm, type Io } from '@penstock/terminal';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { cliRig } from './cli-rig.ts';

/** A terminal on which `answer` is typed. */
function terminal(answer: string | undefined): { readonly io: Io; readonly shown: () => string } {
  let shown = '';
  const stdin = new PassThrough();
  if (answer === undefined) stdin.end();
  else stdin.end(`${answer}\n`);
  const writer = { isTTY: true, write: (text: string) => (shown += text) };
  const io: Io = {
    stdout: writer,
    stderr: writer,
    stdin: Object.assign(stdin, { isTTY: true }),
    environment: { NO_COLOR: '1' },
    setExitCode: () => {},
  };
  return { io, shown: () => shown };
}

const request = { consequence: 'Two agents would stop.', question: 'Do it?', yes: false };

test('a confirmation is given on the terminal', async () => {
  await using _leaks = expectNoLeaks();
  for (const answer of ['y', 'yes', ' YES ']) {
    const { io, shown } = terminal(answer);
    await confirm(io, request);
    assert.match(shown(), /^warning: Two agents would stop\.\nDo it\? \[y\/N\] /);
  }
  for (const answer of ['', 'n', 'no', 'yesterday', undefined]) {
    await assert.rejects(confirm(terminal(answer).io, request), /Nothing was changed/, String(answer));
  }
});

test('without a terminal, --yes must be given', async () => {
  const io = { ...terminal('y').io, stdin: undefined };
  await assert.rejects(
    confirm(io, request),
    (error) => error instanceof CommandError && /--yes/.test(error.suggestion ?? ''),
  );
  await confirm(io, { ...request, yes: true });
});

const DIGEST = `sha256:${'a'.repeat(64)}`;
const running = { config: { version: 12, digest: DIGEST } };

test('draining, revoking or restarting the last ready agents of a pool needs a confirmation', async () => {
  await using rig = await cliRig('admin');
  rig.api.live.agents = [testView('orders-1', running)];
  for (const verb of ['drain', 'revoke', 'restart']) {
    const { stderr, exitCode } = await rig.cli('agent', verb, 'orders-1');
    assert.match(stderr, /orders-1 is the only ready agent of pool dc1: its connections would fail/, verb);
    assert.match(stderr, /Repeat the command with --yes/);
    assert.equal(exitCode, 1);
  }
  const restarted = await rig.cli('agent', 'restart', 'orders-1', '--yes');
  assert.doesNotMatch(restarted.stderr, /Repeat the command/);
});

test('a grant that is in use is revoked after a confirmation, and its secret is printed once', async () => {
  await using rig = await cliRig('admin');
  const created = await rig.cli('grant', 'create', '--connection', 'orders');
  assert.match(created.stdout, /^pst_grant_\S+\n$/);
  assert.doesNotMatch(created.stderr, /pst_grant_[0-9a-z]/);
  const secret = created.stdout.trim().split('_').at(-1) ?? '';
  assert.ok(secret.length > 10 && !created.stderr.includes(secret));
  const listed = await rig.cli('grant', 'list', '-o', 'json');
  assert.ok(!listed.stdout.includes(secret));
  const [{ id }] = (JSON.parse(listed.stdout) as { items: [{ id: string }] }).items;

  rig.api.activeGrants.uses.set(id, 2);
  const asked = await rig.cli('grant', 'revoke', id);
  assert.match(asked.stderr, new RegExp(`2 client connections use the grant ${id} and will be closed`));
  assert.match(asked.stderr, /Repeat the command with --yes/);
  assert.equal(asked.exitCode, 1);
  assert.match((await rig.cli('grant', 'revoke', id, '--yes')).stdout, /is revoked/);
});

test('approving what takes the last ready agent out of service needs a confirmation', async () => {
  await using rig = await cliRig('admin');
  rig.api.live.agents = [testView('orders-1', running)];
  rig.api.live.approval = ['restart'];
  const restart = rig.api.approvals.action('restart', async () => undefined);
  const request = { pool: 'dc1', subject: 'agent:orders-1', arguments: {} };
  const asked = await restart(request, {
    id: `admin-token:${rig.api.tokens.operator.split('_')[2]}`,
    role: 'operator',
  });
  assert.ok(asked.kind === 'waiting');
  const { stderr, exitCode } = await rig.cli('approval', 'approve', asked.approval.id);
  assert.match(stderr, /orders-1 is the only ready agent of pool dc1[\s\S]*--yes/);
  assert.equal(exitCode, 1);
  assert.match(
    (await rig.cli('approval', 'approve', asked.approval.id, '--yes')).stdout,
    /restart of agent:orders-1 was approved/,
  );
});
