import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

/** A load balancer at byte level: precedes each connection with a header for the next of `headers`, the last one again and again. */
async function startBalancer(
  port: number,
  headers: readonly Buffer[],
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((front) => {
    const back = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.7' });
    for (const [one, other] of [
      [front, back],
      [back, front],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    back.write(headers[Math.min(count, headers.length - 1)] ?? Buffer.alloc(0));
    count += 1;
    front.pipe(back).pipe(front);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const version1 = (address: string) => Buffer.from(`PROXY TCP4 ${address} 10.0.0.1 40000 8443\r\n`);

function version2(address: string, command: 'PROXY' | 'LOCAL' = 'PROXY'): Buffer {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  // A TLV of a load balancer follows the addresses (PP2_TYPE_NOOP).
  const addresses = Buffer.from([
    ...address.split('.').map(Number),
    10,
    0,
    0,
    1,
    0x9c,
    0x40,
    0x20,
    0xfb,
    4,
    0,
    1,
    0,
  ]);
  const head = Buffer.from([command === 'PROXY' ? 0x21 : 0x20, 0x11, 0, addresses.length]);
  return Buffer.concat([signature, head, addresses]);
}

const startBehind = (from = ['127.0.0.7/32']) =>
  startPair({ targets: {}, agents: {}, gateway: { tunnel: { proxyProtocol: { from } } } });

const agentAt = (pair: Pair, name: string, port: number) =>
  pair.startAgent(name, { gateway: { url: `https://127.0.0.1:${port}` } });

for (const [version, header] of [
  ['1', version1],
  ['2', version2],
] as const) {
  test(`agents behind a load balancer have their own addresses, from version ${version} of its header`, async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    await using pair = await startPair({
      targets: { echo: echo.address.port },
      agents: {},
      gateway: { tunnel: { proxyProtocol: { from: ['127.0.0.7/32'] } } },
    });
    await using balancer = await startBalancer(pair.gateway.tunnel.port, [header('192.0.2.10')]);
    await agentAt(pair, 'a1', balancer.port);
    await pair.connected('a1');
    const enrolled = await pair.event('agent-enrolled', { past: true });
    assert.equal(enrolled['address'], '192.0.2.10');
    const opened = await pair.event('session-opened', { past: true });
    assert.equal(opened['address'], '192.0.2.10');
    const agent = await pair.api('GET /agents/a1');
    assert.equal(agent['address'], '192.0.2.10');
    const { items } = (await pair.api('GET /audit')) as { items: { action: string; address?: string }[] };
    const entry = items.find(({ action }) => action === 'agent.enroll');
    assert.equal(JSON.stringify(entry).includes('192.0.2.10'), true, JSON.stringify(items));
    await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
    assert.equal(await client.echo('hello'), 'hello');
    client.finish();
  });
}

test('limits count the addresses of agents, not the one of their load balancer', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: { tunnel: { proxyProtocol: { from: ['127.0.0.7/32'] }, sessionsPerAddress: 1 } },
  });
  const headers = ['192.0.2.1', '192.0.2.2'].map(version1);
  await using balancer = await startBalancer(pair.gateway.tunnel.port, headers);
  const handshake = () => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: balancer.port,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    socket.on('error', () => {});
    return socket;
  };
  const [first, second] = [handshake(), handshake()];
  await Promise.all([once(first, 'secureConnect'), once(second, 'secureConnect')]);
  // The header of the second address again, whose place is taken.
  const third = handshake();
  let isSecure = false;
  third.once('secureConnect', () => {
    isSecure = true;
  });
  // Not `once`, which rejects with the error of the handshake.
  await new Promise((resolve) => third.once('close', resolve));
  assert.equal(isSecure, false);
  for (const socket of [first, second]) socket.destroy();
});

test('a connection from the load balancer without a valid header is refused, and one of its own is served', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startBehind();
  const { port } = pair.gateway.tunnel;
  const send = async (bytes: Buffer, localAddress = '127.0.0.7') => {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await once(socket, 'close');
  };
  const refused = pair.event('peer-misbehaved');
  await send(Buffer.from([0x16, 3, 1, 2, 0]));
  const { address, detail } = await refused;
  assert.equal(address, '127.0.0.7');
  assert.match(String(detail), /did not start with a valid PROXY header, which proxyProtocol\.from requires/);
  await send(Buffer.from('PROXY TCP4 192.0.2.1 nonsense 1 2\r\n'));
  await send(version2('192.0.2.1').fill(0x31, 12, 13));
  // From elsewhere, a header is not TLS, and claims nothing.
  await send(version1('192.0.2.66'), '127.0.0.8');
  assert.equal(pair.logged.filter(({ event }) => event === 'peer-misbehaved').length, 3);

  // Health checks: connect and leave; LOCAL, then a request of the balancer itself.
  const check = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.7' });
  check.on('error', () => {});
  await once(check, 'connect');
  check.end();
  check.resume();
  await once(check, 'close');
  const local = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.7' });
  local.write(version2('0.0.0.0', 'LOCAL'));
  const tls = connectTls({ socket: local, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  await once(tls, 'secureConnect');
  assert.equal(tls.alpnProtocol, 'h2');
  tls.destroy();
  await once(local, 'close');
  assert.equal(pair.logged.filter(({ event }) => event === 'peer-misbehaved').length, 3);

  // Agents that connect directly are not affected.
  await pair.startAgent('a1');
  await pair.connected('a1');
  assert.equal((await pair.api('GET /agents/a1'))['address'], '127.0.0.1');
});

test('a connection whose header never comes is closed with the gateway', async () => {
  await using _leaks = expectNoLeaks();
  const pair = await startBehind();
  const socket = connect({ host: '127.0.0.1', port: pair.gateway.tunnel.port, localAddress: '127.0.0.7' });
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  socket.write('PROXY TC');
  await eventually(
    'the connection to be counted',
    async () => /penstock_gateway_tunnel_connections (\d+)/.exec(await metricsOf(pair))?.[1] !== '0',
  );
  await Promise.all([once(socket, 'close'), pair[Symbol.asyncDispose]()]);
});

async function metricsOf(pair: Pair): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/metrics`, {
    headers: { connection: 'close' },
  });
  return answer.text();
}
