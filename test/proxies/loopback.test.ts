import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { agentFile, gatewayFile, makeSite, portOf, runCommand } from '../processes/programs.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { ManagedProcess } from '../rig/process.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';
import { webhookReceiver } from '../rig/webhook-receiver.ts';

/** A proxy that refuses everything, and counts what it is asked for. */
async function startRefusingProxy() {
  const sockets = new ServerSockets();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(403).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.on('connection', (socket) => sockets.adopt(socket));
  const { port } = await listenOnLoopback(server);
  return {
    asked,
    environment: {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: `http://127.0.0.1:${port}`,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
    },
    [Symbol.asyncDispose]: () => sockets.endWith(server),
  };
}

test('nothing on this host is reached through the proxy of NODE_USE_ENV_PROXY', async (t) => {
  await using _leaks = expectNoLeaks();
  await using proxy = await startRefusingProxy();
  await using receiver = await webhookReceiver();
  await using site = await makeSite();
  const gatewayYaml = await site.write(
    'gateway.yaml',
    gatewayFile({ receivers: [{ name: 'ops', webhook: '${env:OPS}' }] }),
  );
  const { environment } = proxy;
  const hosts = { ...environment, OPS: receiver.url };
  const init = await runCommand('gateway', ['init', '--config', gatewayYaml, '--output', 'json'], hosts);
  assert.equal(init.code, 0, init.stderr);
  const made = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  const gateway = await site.start('gateway', 'gateway.yaml', hosts);
  const admin = portOf(await gateway.json({ event: 'admin-listening' }, 30_000));
  const tunnelPort = portOf(await gateway.json({ event: 'tunnel-listening' }));
  const pin = made.pins[0] ?? '';
  const PENSTOCK_TOKEN = made.adminToken.token;

  for (const host of ['127.0.0.1', '127.0.0.2']) {
    await t.test(
      `the command line reaches the API at ${host}`,
      { skip: process.platform !== 'linux' && host === '127.0.0.2' && 'only Linux has it' },
      async () => {
        const api = { ...environment, PENSTOCK_URL: `http://${host}:${admin}`, PENSTOCK_TOKEN };
        const { code, stderr } = await runCommand('gateway', ['agent', 'list'], api);
        // The gateway listens on 127.0.0.1 alone: at 127.0.0.2 it refuses, and the proxy is still not asked.
        if (host === '127.0.0.2') assert.match(stderr, /Cannot reach the API/);
        else assert.equal(code, 0, stderr);
      },
    );
  }

  await t.test('the gateway posts to a receiver on its own host', async () => {
    const api = { ...environment, PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN };
    const { code, stderr } = await runCommand('gateway', ['receiver', 'test', 'ops'], api);
    assert.equal(code, 0, stderr);
    await receiver.arrived(1);
  });

  await t.test('ready and status reach the agent', async () => {
    const token = await runCommand('gateway', ['token', 'create', '--pool', 'dc1', '--output', 'json'], {
      PENSTOCK_URL: `http://127.0.0.1:${admin}`,
      PENSTOCK_TOKEN,
    });
    const TOKEN = (JSON.parse(token.stdout) as { token: string }).token;
    await site.write('agent.yaml', agentFile({ tunnelPort, pin, targets: {} }));
    const agent = await site.start('agent', 'agent.yaml', { ...environment, TOKEN });
    const listen = `127.0.0.1:${portOf(await agent.json({ event: 'local-listening' }, 30_000))}`;
    const file = await site.write(
      'seen.yaml',
      agentFile({ tunnelPort, pin, targets: {} }, { local: { listen } }),
    );
    for (const command of [['ready', '--wait'], ['ready'], ['status']]) {
      const { code, stderr } = await runCommand('agent', [...command, '--config', file], environment);
      assert.equal(code, 0, `${command.join(' ')}: ${stderr}`);
    }
  });

  await t.test("the image's health check reaches the gateway", async () => {
    const dockerfile = await readFile(new URL('../../Dockerfile.gateway', import.meta.url), 'utf8');
    const [, command] = /HEALTHCHECK[^\n]*\\\n\s+CMD (\[.*\])/.exec(dockerfile) ?? [];
    const [program, ...args] = JSON.parse(command ?? '[]') as string[];
    assert.equal(program, 'node');
    const env = { ...environment, PENSTOCK_URL: `http://127.0.0.1:${admin}` };
    await using check = await ManagedProcess.start({ args, env });
    assert.deepEqual(await check.exit(), { code: 0, signal: null });
  });

  assert.deepEqual(proxy.asked, []);
});
