import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliRig } from './cli-rig.ts';

test('a silence is created, listed and ended', async () => {
  await using rig = await cliRig('operator');
  const created = await rig.cli(
    ...['silence', 'create', '--pool', 'dc1', '--for', '2h', '--comment', 'new switch'],
  );
  assert.equal(created.exitCode, 0, created.stderr);
  const [, id = ''] = /^The silence (\S+) ends in /.exec(created.stdout) ?? [];
  const listed = await rig.cli('silence', 'list', '--active');
  assert.match(listed.stdout, new RegExp(`${id}.*active.*pool dc1.*new switch`));
  const ended = await rig.cli('silence', 'end', id);
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.equal((await rig.cli('silence', 'list', '--active')).stdout, 'No alert is silenced.\n');
  const all = await rig.cli('silence', 'create', '--for', '1h', '--comment', 'x');
  assert.equal(all.exitCode, 64);
  assert.match(all.stderr, /--condition, --subject and --pool/);
});
