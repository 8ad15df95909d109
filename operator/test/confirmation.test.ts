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
