import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseGatewayConfig } from '@penstock/config-schema';
import { initialize, startGateway } from '@penstock/gateway';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';

async function initialized(directory: string) {
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'acme',
    listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
    dataDirectory: join(directory, 'data'),
    pools: [{ name: 'dc1' }],
  };
  const result = parseGatewayConfig(JSON.stringify(file), { environment: {}, readFile: () => '', directory });
  assert.ok(result.ok, JSON.stringify(result));
  await initialize({ config: result.config, hosts: [], newAdminToken: false, now: Date.now() });
  return result.config;
}

test('a second gateway on one data directory does not start, and names the process that uses it', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const config = await initialized(directory.path);
  const first = await startGateway({ config, log() {} });
  await assert.rejects(
    startGateway({ config, log() {} }),
    new RegExp(`data \\(dataDirectory\\) is in use by process ${process.pid}\\. Stop that process`),
  );
  // The command line can create an admin token for a running gateway.
  await initialize({ config, hosts: [], newAdminToken: true, now: Date.now() });
  await first.stop();
  await (await startGateway({ config, log() {} })).stop();
});

test('a data directory and a store that other users can access are used and logged', {
  skip: process.platform === 'win32' && 'Windows has no such modes',
}, async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const config = await initialized(directory.path);
  const store = join(config.dataDirectory, 'store.sqlite');
  await chmod(config.dataDirectory, 0o777);
  await chmod(store, 0o644);
  const logged: unknown[] = [];
  const log = (event: string, fields?: Readonly<Record<string, unknown>>) => {
    if (event === 'file-exposed') logged.push(fields?.['detail']);
  };
  await (await startGateway({ config, log })).stop();
  assert.deepEqual(logged, [
    `Other users have access to ${config.dataDirectory} (mode 0777). Run chmod 700 ${config.dataDirectory}.`,
    `Other users have access to ${store} (mode 0644). Run chmod 600 ${store}.`,
  ]);
});
