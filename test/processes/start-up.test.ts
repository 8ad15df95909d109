import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { listen } from '../rig/listen.ts';
import { ManagedProcess } from '../rig/process.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { agentFile, binOf, connection, gatewayFile, makeSite, portOf, runCommand } from './programs.ts';

test('a gateway without its store does not start, because revocations would be lost', async () => {
  await using site = await makeSite();
  const file = await site.write('gateway.yaml', gatewayFile());
  await runCommand('gateway', ['init', '--config', file]);
  await rm(site.path('gateway-data/store.sqlite'));
  const gateway = await site.start('gateway', 'gateway.yaml');
  assert.equal((await gateway.exit(30_000)).code, 1);
  assert.match(gateway.output, /There is no store .*restore\s+the\s+data\s+directory\s+from\s+a\s+backup/s);
});

test('an address in use is reported with its field, and the gateway exits', async () => {
  await using site = await makeSite();
  await using occupied = await listen(createServer());
  const address = `127.0.0.1:${occupied.port}`;
  const file = await site.write(
    'gateway.yaml',
    gatewayFile({ listen: { tunnel: address, admin: '127.0.0.1:0' } }),
  );
  await runCommand('gateway', ['init', '--config', file]);
  const gateway = await site.start('gateway', 'gateway.yaml');
  assert.equal((await gateway.exit(30_000)).code, 1);
  assert.match(gateway.output, new RegExp(`listen\\.tunnel: cannot listen on ${address} \\(EADDRINUSE\\)`));
});

test('a reload whose new ingress cannot be opened keeps the old one, and /readyz reports it', async () => {
  await using site = await makeSite();
  await using occupied = await listen(createServer());
  const file = await site.write('gateway.yaml', gatewayFile());
  await runCommand('gateway', ['init', '--config', file]);
  const gateway = await site.start('gateway', 'gateway.yaml');
  const admin = portOf(await gateway.json({ event: 'admin-listening' }, 30_000));
  const moved = {
    ...connection('echo'),
    ingress: [{ tcp: `127.0.0.1:${occupied.port}`, allow: ['127.0.0.0/8'] }],
  };
  await site.write('gateway.yaml', gatewayFile({ version: 2, connections: [moved] }));
  gateway.signal('SIGHUP');
  await gateway.json({ event: 'config-loaded', version: 2 });
  const events = gateway.lines.map(({ json }) => json?.['event']);
  assert.ok(events.includes('ingress-failed'));
  assert.ok(!events.includes('ingress-closed'), 'the old ingress stays open');
  const response = await fetch(`http://127.0.0.1:${admin}/readyz`, { headers: { connection: 'close' } });
  assert.equal(response.status, 503);
  assert.match(await response.text(), /ingress of echo.*EADDRINUSE/);
});

test('a full disk behind the log does not prevent a gateway from exiting', {
  skip: !existsSync('/dev/full'),
}, async () => {
  await using site = await makeSite();
  const port = await unusedPort();
  const listen = { tunnel: '127.0.0.1:0', admin: `127.0.0.1:${port}` };
  const file = await site.write('gateway.yaml', gatewayFile({ listen }));
  await runCommand('gateway', ['init', '--config', file]);
  const gateway = await ManagedProcess.start({
    command: '/bin/sh',
    args: ['-c', `exec "$0" "$1" run --config "$2" >/dev/full`, process.execPath, binOf('gateway'), file],
  });
  await using _ended = gateway;
  const isAlive = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  await eventually('the gateway to answer twice', async () => (await isAlive()) && isAlive(), {
    within: 30_000,
  });
  const { code } = await gateway.stop('SIGTERM', 15_000);
  assert.equal(code, 0);
});

test('an agent starts only with the file that PENSTOCK_CONFIG_PIN allows', async () => {
  await using site = await makeSite();
  const pin = `sha256/${Buffer.alloc(32).toString('base64')}`;
  const file = await site.write('agent.yaml', agentFile({ tunnelPort: 1, pin, targets: {} }));
  const digest = await runCommand('agent', ['config', 'digest', '--output', 'json', file]);
  const { pin: pinned } = JSON.parse(digest.stdout) as { pin: string };
  const other = pinned.replace(/^1@/, '2@');
  const refused = await runCommand('agent', ['run', '--config', file], { PENSTOCK_CONFIG_PIN: other });
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /LOCAL_PIN The file is 1@sha256:\S+, but PENSTOCK_CONFIG_PIN allows only 2@sha256:/,
  );
  // The file is accepted. The agent exits for another reason: it has no token to enroll with.
  const accepted = await runCommand('agent', ['run', '--config', file], { PENSTOCK_CONFIG_PIN: pinned });
  assert.match(accepted.stdout, /"event":"agent-started"/);
  // Keys are unique on every line: a duplicate would be missing after parsing.
  for (const line of accepted.stdout.trimEnd().split('\n'))
    assert.equal(JSON.stringify(JSON.parse(line)), line);
  assert.equal(`${accepted.stdout}${accepted.stderr}`.includes('LOCAL_PIN'), false);
});
