import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliRig } from './cli-rig.ts';

test('a test notification that is not delivered fails the command and suggests what to check', async () => {
  await using rig = await cliRig();
  rig.api.live.alertTest = { name: 'delivered', status: 200, milliseconds: 12 };
  const arrived = await rig.cli('receiver', 'test', 'ops');
  assert.equal(
    arrived.stdout,
    'The test notification was delivered to ops in 12 ms. The receiver responded with HTTP 200.\n',
  );
  rig.api.live.alertTest = {
    name: 'failed',
    detail: 'Its name could not be resolved.',
    retryAfter: undefined,
    milliseconds: 3,
  };
  const failed = await rig.cli('receiver', 'test', 'ops');
  assert.deepEqual([failed.exitCode, failed.stdout], [1, '']);
  assert.match(failed.stderr, /was not delivered to ops\. Its name could not be resolved\./);
  assert.match(failed.stderr, /webhook of ops in gateway\.yaml/);
  const json = await rig.cli('receiver', 'test', 'ops', '--output', 'json');
  assert.deepEqual([json.exitCode, JSON.parse(json.stdout).delivered], [1, false]);
});
