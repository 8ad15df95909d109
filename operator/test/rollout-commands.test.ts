import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutDetail } from '@penstock/api-schema';
import type { UpgradeStatus } from '@penstock/wire';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { progressText } from '../src/rollout/rollout-text.ts';
import { type CliRig, cliRig } from './cli-rig.ts';

const UNKNOWN = '019a0b1c-2d3e-7f4a-8b6c-0123456789ab';

/** Two agents of dc1 that run 1.0.0 on hosts with an updater, and no gateway that would take steps for them. */
function twoAgents({ api }: CliRig): void {
  const upgrade: UpgradeStatus = {
    upgrader: 'host',
    policy: 'allow',
    state: 'idle',
    since: 0,
    installed: ['1.0.0'],
    failed: [],
  };
  api.live.agents = ['a', 'b'].map((name) => testView(name, { softwareVersion: '1.0.0', upgrade }));
}

async function created({ cli }: CliRig): Promise<string> {
  const { stdout, exitCode, stderr } = await cli(
    ...['rollout', 'create', '--pool', 'dc1', '--software', '1.1.0', '--output', 'json'],
  );
  assert.equal(exitCode, 0, stderr);
  return (JSON.parse(stdout) as { readonly id: string }).id;
}

const mistakes: readonly (readonly [words: string, exitCode: number, message: RegExp])[] = [
  ['create', 64, /required option '--pool <pool...>' not specified/],
  [
    'create --pool dc1',
    1,
    /Neither --config nor --software is set.*\n.*rollout create --pool dc1 --config 14/,
  ],
  ['create --pool dc1 --config 1 --software 1.1.0', 64, /cannot be used with/],
  ['create --pool dc1 dc2 --config 1', 1, /published for one pool/],
  ['create --pool dc1 --config latest', 64, /--config/],
  ['create --pool dc9 --software 1.1.0', 1, /There is no pool dc9/],
  ['create --pool dc1 --config 7', 1, /Version 7 was not published for pool dc1.*config publish/s],
  ['create --pool dc1 --software newest', 1, /version/],
  ['create --pool dc1 --software 9.9.9', 1, /There is no release 9\.9\.9/],
  ['create --pool dc1 --software 1.1.0 --canary 0', 64, /--canary/],
  ['create --pool dc1 --software 1.1.0 --soak soon', 64, /--soak/],
  ['create --pool dc1 --software 1.1.0 --on-failure explode', 64, /roll-back, halt/],
  ['show', 64, /missing required argument 'id'/],
  [`show ${UNKNOWN}`, 1, /There is no rollout/],
  ['show not-an-id', 1, /not-an-id|no rollout/],
  [`pause ${UNKNOWN}`, 1, /There is no rollout/],
  [`retry ${UNKNOWN}`, 1, /There is no rollout/],
  ['stop 1', 64, /unknown command 'stop'/],
];

test('mistakes say what is wrong, where, and end with the exit code for it', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig();
  for (const [words, exitCode, message] of mistakes) {
    const result = await rig.cli('rollout', ...words.split(' '));
    assert.match(result.stderr, message, words);
    assert.equal(result.exitCode, exitCode, `${words}: ${result.stderr}`);
    assert.equal(result.stdout, '', words);
  }
  assert.equal(mistakes.length, 18);
});

test('a rollout is previewed, created, listed, shown, paused, resumed and cancelled', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig();
  twoAgents(rig);
  const preview = await rig.cli('rollout', 'create', '--pool', 'dc1', '--software', '1.1.0', '--dry-run');
  assert.match(preview.stdout, /^software 1\.1\.0 in dc1\. Nothing is changed\.$/m);
  assert.match(preview.stdout, /^canaries\s+1\s+[ab]$/m);
  assert.equal((await rig.cli('rollout', 'list')).stdout, 'No rollout is in progress.\n');
  assert.equal((await rig.cli('rollout', 'list', '--all')).stdout, 'There are no rollouts.\n');

  const id = await created(rig);
  assert.match(
    (await rig.cli('rollout', 'list')).stdout,
    new RegExp(`^${id}\\s+software 1\\.1\\.0\\s+dc1\\s`, 'm'),
  );
  const second = await rig.cli('rollout', 'create', '--pool', 'dc1', '--software', '1.2.0');
  assert.equal(second.exitCode, 1);
  assert.match(second.stderr, new RegExp(`Pool dc1 has the rollout ${id} in progress`));

  const paused = await rig.cli('rollout', 'pause', id, '--reason', 'lunch');
  assert.match(paused.stdout, /^paused: .* lunch\n$/);
  assert.match((await rig.cli('rollout', 'show', id)).stdout, /^reason\s+lunch$/m);
  const again = await rig.cli('rollout', 'pause', id);
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr, /The rollout is paused, which does not permit pause/);
  assert.equal((await rig.cli('rollout', 'resume', id)).exitCode, 0);
  assert.equal((await rig.cli('rollout', 'resume', id)).exitCode, 1);
  assert.equal((await rig.cli('rollout', 'retry', id)).exitCode, 1, 'nothing has failed');

  const proceed = await rig.cli('rollout', 'proceed', id);
  assert.notEqual(proceed.exitCode, 0, 'without a terminal, --yes is needed');
  assert.equal((await rig.cli('rollout', 'proceed', id, '--yes')).exitCode, 0);
  assert.match((await rig.cli('rollout', 'show', id)).stdout, /^overridden by\s+admin-token:/m);

  assert.match((await rig.cli('rollout', 'cancel', id)).stdout, /^cancelled: /);
  const ended = await rig.cli('rollout', 'show', id, '--wait');
  assert.equal(ended.exitCode, 1);
  assert.match(ended.stderr, new RegExp(`Rollout ${id} was cancelled\\..*\\n.*rollout show ${id}`, 's'));
  const { items } = JSON.parse((await rig.cli('rollout', 'list', '--all', '--output', 'json')).stdout) as {
    readonly items: readonly { readonly id: string; readonly state: string }[];
  };
  assert.deepEqual(
    items.map((each) => [each.id, each.state]),
    [[id, 'cancelled']],
  );
});

test('--wait shows the progress, and ends when its time is over although the rollout continues', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig();
  twoAgents(rig);
  const id = await created(rig);
  for (const words of [
    ['show', id, '--wait', '--timeout', '1s'],
    ['pause', id],
    ['resume', id, '--wait', '--timeout', '1s'],
  ]) {
    const { stderr, exitCode } = await rig.cli('rollout', ...words);
    if (!words.includes('--wait')) continue;
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /^(approved|canary).*: \d/m, 'the progress');
    assert.match(stderr, new RegExp(`Rollout ${id} has not ended in time: .*\\n.*It continues\\.`, 's'));
  }
});

test('what a host reports as the reason reaches no terminal as it is', () => {
  const reason = 'Canary a failed: EXITED: \u001b[2J\u001b]0;title\u0007gone.\nrolled-back';
  const detail = { state: 'halted', counts: { failed: 1 }, agents: [], reason };
  assert.equal(
    progressText(detail as unknown as RolloutDetail),
    'halted: 1 failed. Canary a failed: EXITED: ·[2J·]0;title·gone.·rolled-back',
  );
});

test('a viewer may look and change nothing', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig('viewer');
  assert.equal((await rig.cli('rollout', 'list')).exitCode, 0);
  const refused = await rig.cli('rollout', 'create', '--pool', 'dc1', '--software', '1.1.0');
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /operator/);
});
