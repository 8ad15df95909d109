import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionLogEntry } from '@penstock/api-schema';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startEcho } from '../rig/targets.ts';
import { agentFile, connection, gatewayFile, makeSite, portOf, runCommand } from './programs.ts';

test('a connection that was open when the gateway was killed is ended at its next start', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using site = await makeSite();
  const file = await site.write('gateway.yaml', gatewayFile({ connections: [connection('echo')] }));
  const init = await runCommand('gateway', ['init', '--config', file, '--output', 'json']);
  assert.equal(init.code, 0, init.stderr);
  const { pins, adminToken } = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  const start = async () => {
    const gateway = await site.start('gateway', 'gateway.yaml');
    const admin = portOf(await gateway.json({ event: 'admin-listening' }, 60_000));
    const api = { PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN: adminToken.token };
    return { gateway, api };
  };
  const { gateway, api } = await start();
  const created = await runCommand('gateway', ['token', 'create', '--pool', 'dc1', '--output', 'json'], api);
  const { token } = JSON.parse(created.stdout) as { token: string };
  const tunnelPort = portOf(await gateway.json({ event: 'tunnel-listening' }));
  const port = portOf(await gateway.json({ event: 'ingress-listening', connection: 'echo' }));
  const targets = { echo: echo.address.port };
  await site.write('agent.yaml', agentFile({ tunnelPort, pin: pins[0] ?? '', targets }));
  const agent = await site.start('agent', 'agent.yaml', { TOKEN: token });
  await agent.json({ event: 'session-ready', session: 1 }, 60_000);
  const logOf = async (of: typeof api, ...options: string[]) => {
    const { stdout } = await runCommand('gateway', ['connection', 'log', '--output', 'json', ...options], of);
    return (JSON.parse(stdout) as { items: ConnectionLogEntry[] }).items;
  };

  await using short = await TestClient.connect({ host: '127.0.0.1', port });
  assert.equal(await short.echo('short'), 'short');
  short.finish();
  await short.receive();
  const line = await gateway.json({ event: 'connection-closed' });
  assert.deepEqual([line['level'], line['bytesToClient'], line['connection']], ['info', 5, 'echo']);

  await using client = await TestClient.connect({ host: '127.0.0.1', port });
  assert.equal(await client.echo('hello'), 'hello');
  await eventually('the open connection', async () => (await logOf(api, '--state', 'open')).length === 1, {
    within: 30_000,
  });
  gateway.signal('SIGKILL');
  await gateway.exited;
  const again = await start();
  const [ended, ...more] = await eventually(
    'the connection to be ended',
    async () => {
      const items = await logOf(again.api, '--code', 'GATEWAY_STOPPED');
      return items.length > 0 ? items : undefined;
    },
    { within: 60_000 },
  );
  assert.deepEqual(
    [ended?.state, ended?.connection, ended?.agent, more.length],
    ['closed', 'echo', 'agent-1', 0],
  );
  assert.equal((await logOf(again.api, '--code', 'ok')).length, 1);
  assert.equal((await logOf(again.api, '--state', 'open')).length, 0);
});
