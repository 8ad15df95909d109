import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { cliRig } from './cli-rig.ts';

type Rig = Awaited<ReturnType<typeof cliRig>>;

/** Each kind of name that a command takes, misspelt in each command that takes it. */
const misspelt: readonly (readonly [argv: readonly string[], suggestion: RegExp])[] = [
  [['agent', 'show', 'orders-11'], /Did you mean orders-1\?/],
  [['agent', 'drain', 'order-1'], /Did you mean orders-1\?/],
  [['agent', 'resume', 'order-1'], /Did you mean orders-1\?/],
  [['agent', 'revoke', 'ORDERS-1'], /Did you mean orders-1\?/],
  [['token', 'create', '--pool', 'dc'], /Did you mean dc1\?/],
  [['config', 'unpin', 'cd1'], /Did you mean dc1\?/],
  [['config', 'pin', 'cd1', '12'], /Did you mean dc1\?/],
  [['config', 'pin', '--agent', 'order-1', '12'], /Did you mean orders-1\?/],
  [['config', 'published', 'dc', '12'], /Did you mean dc1\?/],
  [['config', 'published', 'dc'], /There is no pool dc\. Did you mean dc1\?/],
  [['receiver', 'test', 'opps'], /Did you mean ops\?/],
  [['connection', 'explain', 'order'], /Did you mean orders\?/],
  [['connection', 'url', 'order'], /Did you mean orders\?/],
  [['grant', 'create', '--connection', 'order'], /Did you mean orders\?/],
];

const misfiltered: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
  [['agent', 'list', '--pool', 'dc'], /There is no pool dc\. Did you mean dc1\?/],
  [['session', 'list', '--agent', 'order-1'], /There is no agent order-1\. Did you mean orders-1\?/],
  [['config', 'versions', 'dc'], /There is no pool dc\. Did you mean dc1\?/],
];

const withFleet = ({ api }: Rig) => {
  api.live.agents = [testView('orders-1'), testView('billing')];
  api.live.connections = [
    {
      name: 'orders',
      connector: 'orders-db',
      kind: undefined,
      pools: ['dc1'],
      ingress: [],
      open: 0,
      waiting: 0,
      openedTotal: 0,
      failedTotal: 0,
      deniedTotal: 0,
    },
  ];
};

test('a misspelt name suggests the right one, in every command that takes a name', async () => {
  await using rig = await cliRig('admin');
  withFleet(rig);
  for (const [argv, suggestion] of misspelt) {
    const { stderr, exitCode } = await rig.cli(...argv);
    assert.match(stderr, suggestion, argv.join(' '));
    assert.notEqual(exitCode, 0, argv.join(' '));
  }
  for (const [argv, message] of misfiltered) {
    const { stdout, exitCode } = await rig.cli(...argv);
    assert.match(stdout, message, argv.join(' '));
    assert.equal(exitCode, 0);
  }
  const json = await rig.cli('agent', 'show', 'order-1', '-o', 'json');
  assert.equal(JSON.parse(json.stderr).error.suggestion, 'Did you mean orders-1?');
});

test('an ID that was cut off or mistyped suggests the whole one', async () => {
  await using rig = await cliRig('admin');
  const created = await rig.cli('token', 'create', '--pool', 'dc1', '-o', 'json');
  const { id } = JSON.parse(created.stdout) as { id: string };
  const { stderr } = await rig.cli('token', 'revoke', id.slice(0, 12));
  assert.match(stderr, new RegExp(`Did you mean ${id}\\?`));
  const grant = await rig.cli('grant', 'create', '--connection', 'orders', '--name', 'alice', '-o', 'json');
  const { id: grantId } = JSON.parse(grant.stdout) as { id: string };
  const byName = await rig.cli('grant', 'revoke', 'alice');
  assert.match(byName.stderr, new RegExp(`Did you mean ${grantId}\\?`));
  assert.equal(byName.exitCode, 64);
});

test('the receivers are listed', async () => {
  await using rig = await cliRig('viewer');
  const { stdout } = await rig.cli('receiver', 'list');
  assert.match(stdout, /^NAME\s+DELIVERED[\s\S]*\nops\s+3\s+1\s+0\s+0\n$/);
  assert.equal(JSON.parse((await rig.cli('receiver', 'list', '-o', 'json')).stdout).items[0].name, 'ops');
});
