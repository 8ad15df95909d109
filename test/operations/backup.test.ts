import assert from 'node:assert/strict';
import { readdir, rename } from 'node:fs/promises';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { OperatedGateway } from './operated-gateway.ts';

test('a backup of a running gateway, restored as documented, has its agents and tokens', {
  skip: skipWithout('sqlite3') || skipWithout('bash'),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using operated = await OperatedGateway.start();
  const { id } = await operated.agentConnected();
  assert.match(await operated.follow('Back up'), /^ok$/m);
  assert.deepEqual((await readdir(operated.site.path('backup'))).sort(), [
    'agent-ca.crt',
    'agent-ca.key',
    'server-backup.key',
    'server.crt',
    'server.key',
    'store.sqlite',
  ]);
  await operated.operate('admin-token', 'create', '--name', 'after the backup', '--output', 'json');
  await operated.stopGateway();
  await rename(operated.site.path('gateway-data'), operated.site.path('gateway-data.lost'));
  await operated.follow('Restore');
  await operated.startGateway();

  // The agent connects with the certificate that it has, and the first admin token is valid.
  assert.equal((await operated.agentConnected()).id, id);
  assert.equal(operated.agent?.output.match(/"identity-enrolled"/g)?.length, 1);
  const tokens = await operated.operate('admin-token', 'list', '--output', 'json');
  assert.doesNotMatch(tokens, /after the backup/);
});
