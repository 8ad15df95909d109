import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GatewayConfig } from '@penstock/config-schema';
import { readEvents } from '../../test/rig/event-reader.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { startPair } from '../../test/rig/pair.ts';
import { runCli } from '../../test/rig/run-cli.ts';

const SHARED = { name: '${env:HOST}', identity: { directory: '${env:HOME_OF}' } };

test('a reload that changes a pinning mode is previewed and announced, with what it does to the agents', async () => {
  await using _leaks = expectNoLeaks();
  const modeOf = (pinning: string) => ({ pools: [{ name: 'dc1', pinning }] });
  await using pair = await startPair({ targets: {}, agents: {}, gateway: modeOf('warn') });
  for (const name of ['a1', 'a2']) {
    Object.assign(pair.environment, { HOST: name, HOME_OF: `${pair.directory}/${name}` });
    await pair.startAgent(name, { ...SHARED, version: 1 });
    await pair.connected(name);
  }
  const url = `http://127.0.0.1:${pair.gateway.admin.port}`;
  const content = pair.agentFile('a1', { ...SHARED, version: 2 });
  await pair.api('POST /config-versions', { pool: 'dc1', content });
  await pair.api('PUT /pins/pools/dc1', { version: 2 });

  const file = join(pair.directory, 'next.yaml');
  const preview = async (...options: string[]) =>
    runCli(['config', 'preview', file, ...options], { PENSTOCK_URL: url, PENSTOCK_TOKEN: pair.adminToken });
  const write = (pinning: string) =>
    writeFile(file, JSON.stringify({ ...gatewayFile(pair.directory), ...modeOf(pinning) }));
  await write('warn');
  assert.deepEqual(await preview(), {
    stdout: 'The pinning mode of every pool stays the same.\n',
    stderr: '',
    exitCode: 0,
  });
  await write('enforce');
  const enforced = await preview();
  assert.equal(enforced.exitCode, 1, enforced.stderr);
  assert.match(
    enforced.stdout,
    /^Pool dc1: pinning warn → enforce\. 2 of 2 agents differ from their pin\. 2 would be quarantined: a1, a2; ready agents in the pool: 2 now, 0 after\.$/m,
  );

  await using events = await readEvents(url, pair.adminToken);
  const announced = async () => {
    for (;;) {
      const next = await events.next();
      if (next === undefined || next.event === 'pinning') return next?.data;
    }
  };
  const reload = (pinning: 'enforce' | 'warn') =>
    pair.gateway.apply(withPinning(pair.gatewayConfig, pinning));
  const logged = pair.event('pinning-changed');
  await reload('enforce');
  const change = { pool: 'dc1', from: 'warn', to: 'enforce', agents: 2, quarantined: 2, released: 0 };
  assert.deepEqual(await announced(), change);
  const { program, event, ...fields } = await logged;
  assert.deepEqual(fields, { ...change, differing: 2 });
  assert.equal((await pair.api('GET /agents/a1'))['state'], 'quarantined');

  await write('warn');
  const released = await preview('--output', 'json');
  const { pools } = JSON.parse(released.stdout) as { pools: { released: number; readyAfter: number }[] };
  assert.deepEqual([released.exitCode, pools[0]?.released, pools[0]?.readyAfter], [0, 2, 2]);
  await reload('warn');
  assert.deepEqual(await announced(), {
    ...change,
    from: 'enforce',
    to: 'warn',
    quarantined: 0,
    released: 2,
  });
  // The same file again announces nothing.
  const before = pair.logged.filter((entry) => entry.event === 'pinning-changed').length;
  await reload('warn');
  assert.equal(pair.logged.filter((entry) => entry.event === 'pinning-changed').length, before);
});

const withPinning = (config: GatewayConfig, pinning: 'enforce' | 'warn'): GatewayConfig => ({
  ...config,
  pools: config.pools.map((pool) => ({ ...pool, pinning })),
});

const gatewayFile = (directory: string) => ({
  apiVersion: 'penstock/v1',
  kind: 'Gateway',
  version: 2,
  organization: 'acme',
  listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
  dataDirectory: join(directory, 'gateway'),
  connections: [],
});
