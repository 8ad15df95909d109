import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { startEcho } from '../rig/targets.ts';
import { agentFile, connection, gatewayFile, makeSite, portOf, runCommand, type Site } from './programs.ts';

type Gateway = {
  process: ManagedProcess;
  pin: string;
  tunnelPort: number;
  ingressPort: number;
  api: Record<string, string>;
};

async function startGateway(site: Site): Promise<Gateway> {
  const file = await site.write('gateway.yaml', gatewayFile());
  const init = await runCommand('gateway', ['init', '--config', file, '--output', 'json']);
  assert.equal(init.code, 0, init.stderr);
  const { pins, adminToken } = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  const process = await site.start('gateway', 'gateway.yaml');
  const admin = portOf(await process.json({ event: 'admin-listening' }, 30_000));
  return {
    process,
    pin: pins[0] ?? '',
    tunnelPort: portOf(await process.json({ event: 'tunnel-listening' })),
    ingressPort: portOf(await process.json({ event: 'ingress-listening', connection: 'echo' })),
    api: { PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN: adminToken.token },
  };
}

async function enrollmentToken(gateway: Gateway): Promise<string> {
  const created = await runCommand(
    'gateway',
    ['token', 'create', '--pool', 'dc1', '--output', 'json'],
    gateway.api,
  );
  assert.equal(created.code, 0, created.stderr);
  return (JSON.parse(created.stdout) as { token: string }).token;
}

async function echoThrough(port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.end(text);
  await once(socket, 'close');
  return answer;
}

test('the command line covers init, enrollment, run, listings, reload and drain', async (t) => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using other = await startEcho();
  await using site = await makeSite();
  const gateway = await startGateway(site);
  const TOKEN = await enrollmentToken(gateway);
  const agentOptions = {
    tunnelPort: gateway.tunnelPort,
    pin: gateway.pin,
    targets: { echo: echo.address.port },
  };
  const file = await site.write('agent.yaml', agentFile(agentOptions));

  const enrolled = await runCommand('agent', ['enroll', '--config', file, '--output', 'json'], { TOKEN });
  assert.equal(enrolled.code, 0, enrolled.stderr);
  assert.match(JSON.parse(enrolled.stdout).agentId, /^agt_/);
  const agent = await site.start('agent', 'agent.yaml');
  await agent.json({ event: 'session-ready', session: 1 }, 30_000);
  assert.equal(await echoThrough(gateway.ingressPort, 'hello'), 'hello');

  await t.test('agent list and connection list show the agent and its connection', async () => {
    const answer = await runCommand('gateway', ['agent', 'list', '--output', 'json'], gateway.api);
    const agents = JSON.parse(answer.stdout).items;
    assert.equal(agents.length, 1);
    assert.equal(agents[0].name, 'agent-1');
    assert.equal(agents[0].state, 'connected');
    assert.deepEqual(agents[0].sessions, { open: 2, wanted: 2 });
    const listed = await runCommand('gateway', ['connection', 'list', '--output', 'json'], gateway.api);
    const [only] = JSON.parse(listed.stdout).items;
    assert.equal(only.name, 'echo');
    assert.equal(only.openedTotal, 1);
    assert.equal(only.ingress[0].port, gateway.ingressPort);
    const ready = await fetch(`${gateway.api['PENSTOCK_URL']}/readyz`, { headers: { connection: 'close' } });
    assert.equal(ready.status, 200);
  });

  await t.test(
    'a changed file takes effect without a restart, and an invalid one changes nothing',
    async () => {
      await site.write(
        'agent.yaml',
        agentFile(
          { ...agentOptions, targets: { echo: echo.address.port, other: other.address.port } },
          { version: 2 },
        ),
      );
      await agent.json({ event: 'config-loaded', version: 2 });
      await site.write(
        'gateway.yaml',
        gatewayFile({ version: 2, connections: [connection('echo'), connection('other')] }),
      );
      gateway.process.signal('SIGHUP');
      const port = portOf(await gateway.process.json({ event: 'ingress-listening', connection: 'other' }));
      assert.equal(await echoThrough(port, 'new'), 'new');
      await site.write('agent.yaml', agentFile(agentOptions, { version: 3, conectors: [] }));
      agent.signal('SIGHUP');
      const refused = await agent.json({ event: 'config-refused' });
      assert.match(JSON.stringify(refused['problems']), /UNKNOWN_KEY/);
      assert.equal((refused['inForce'] as { version: number }).version, 2);
      assert.equal(await echoThrough(port, 'still'), 'still');
    },
  );

  await t.test('SIGTERM lets an open connection finish and accepts no new one', async () => {
    const live = connect({ host: '127.0.0.1', port: gateway.ingressPort });
    live.write('before');
    await once(live, 'data');
    agent.signal('SIGTERM');
    await gateway.process.json({ event: 'session-draining' });
    live.write('after');
    const [answer] = (await once(live, 'data')) as [Buffer];
    assert.equal(answer.toString(), 'after');
    live.end();
    await once(live, 'close');
    assert.deepEqual(await agent.exit(), { code: 0, signal: null });
    assert.deepEqual(await gateway.process.stop('SIGTERM'), { code: 0, signal: null });
  });
});

test('agents reconnect after a killed gateway restarts, with the same identity', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using site = await makeSite();
  const gateway = await startGateway(site);
  const TOKEN = await enrollmentToken(gateway);
  const { tunnelPort, ingressPort } = gateway;
  await site.write(
    'agent.yaml',
    agentFile({ tunnelPort, pin: gateway.pin, targets: { echo: echo.address.port } }),
  );
  const agent = await site.start('agent', 'agent.yaml', { TOKEN });
  await agent.json({ event: 'session-ready', session: 1 }, 30_000);
  await gateway.process.stop('SIGKILL');
  await agent.json({ event: 'session-ended' });
  await site.write(
    'gateway.yaml',
    gatewayFile({
      listen: { tunnel: `127.0.0.1:${tunnelPort}`, admin: '127.0.0.1:0' },
      connections: [
        { ...connection('echo'), ingress: [{ tcp: `127.0.0.1:${ingressPort}`, allow: ['127.0.0.0/8'] }] },
      ],
    }),
  );
  const restarted = await site.start('gateway', 'gateway.yaml');
  await restarted.json({ event: 'tunnel-listening' }, 30_000);
  await eventually(
    'the tunnel to serve again',
    async () => (await echoThrough(ingressPort, 'back')) === 'back',
  );
  assert.equal(agent.lines.filter(({ json }) => json?.['event'] === 'identity-enrolled').length, 1);
});

test('an agent without an identity and a token says what to do and exits', async () => {
  await using site = await makeSite();
  const pin = `sha256/${Buffer.alloc(32, 1).toString('base64')}`;
  await site.write('agent.yaml', agentFile({ tunnelPort: 1, pin, targets: { echo: 1 } }));
  const agent = await site.start('agent', 'agent.yaml');
  const { code } = await agent.exit(30_000);
  assert.equal(code, 1);
  assert.match(agent.output, /identity\.enrollmentToken/);
  assert.match(agent.output, /penstock-gateway token create/);
});
