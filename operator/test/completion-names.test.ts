import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { runCli } from '../../test/rig/run-cli.ts';
import { cliRig } from './cli-rig.ts';

const SILENCE = { stdout: '', stderr: '', exitCode: 0 };

test('the names for completion scripts come from the API, one per line', async () => {
  await using rig = await cliRig('viewer');
  rig.api.live.agents = [testView('orders-1'), testView('billing')];
  assert.equal((await rig.cli('completion-names', 'agents')).stdout, 'billing\norders-1\n');
  assert.equal((await rig.cli('completion-names', 'receivers')).stdout, 'ops\n');
  assert.deepEqual(await rig.cli('completion-names', 'planets'), SILENCE);
});

test('completion is silent without a token, without a gateway, and with one that does not answer', async () => {
  assert.deepEqual(await runCli(['completion-names', 'agents']), SILENCE);
  const environment = { PENSTOCK_TOKEN: 'x', PENSTOCK_URL: 'http://127.0.0.1:1' };
  assert.deepEqual(await runCli(['completion-names', 'agents'], environment), SILENCE);
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const hanging = { ...environment, PENSTOCK_URL: `http://127.0.0.1:${port}` };
    assert.deepEqual(await runCli(['completion-names', 'agents'], hanging), SILENCE);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a name that a shell would expand is not offered', async () => {
  const items = [{ name: '$(touch x)' }, { name: 'a b' }, { name: 'orders-1' }];
  const server = createServer((_, response) => response.end(JSON.stringify({ items }))).listen(
    0,
    '127.0.0.1',
  );
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const environment = { PENSTOCK_TOKEN: 'x', PENSTOCK_URL: `http://127.0.0.1:${port}` };
    assert.equal((await runCli(['completion-names', 'agents'], environment)).stdout, 'orders-1\n');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
