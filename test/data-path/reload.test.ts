import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayConfig, Ingress } from '@penstock/config-schema';
import { TestClient } from '../rig/client.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { clientOf, expectReset } from './client-of.ts';
import { expectIdle } from './idle.ts';
import { startRecording } from './recording-target.ts';

type Connection = GatewayConfig['connections'][number];

/** The gateway's configuration with its connections changed. */
function withConnections(pair: Pair, connections: readonly Connection[]): GatewayConfig {
  return { ...pair.gatewayConfig, version: 2, connections };
}

function connectionOf(pair: Pair, name: string, changes: Partial<Connection> = {}): Connection {
  const found = pair.gatewayConfig.connections.find((connection) => connection.name === name);
  assert.ok(found !== undefined);
  return { ...found, ...changes };
}

/** Sends `question` and returns the response, which starts with the name of its target. */
async function ask(client: TestClient, question = '?'): Promise<string> {
  client.send(question);
  return String(await client.read('one '.length + question.length));
}

async function askNew(pair: Pair, connection: string): Promise<string> {
  await using client = await clientOf(pair, connection);
  return await ask(client);
}

const connectTo = (port: number) => TestClient.connect({ host: '127.0.0.1', port });

test('an added connection opens, a removed one closes, and connected clients stay connected', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using two = await startRecording('two ');
  await using pair = await startPair({ targets: { one: one.address.port, two: two.address.port } });
  const [first, second] = [connectionOf(pair, 'one'), connectionOf(pair, 'two')];
  await pair.gateway.apply(withConnections(pair, [first]));
  assert.deepEqual(pair.gateway.ingressOf('two'), []);
  await using existing = await clientOf(pair, 'one');
  assert.equal(await ask(existing), 'one ?');
  const port = pair.port('one');

  await pair.gateway.apply(withConnections(pair, [second]));
  assert.equal(await askNew(pair, 'two'), 'two ?');
  await assert.rejects(connectTo(port), { code: 'ECONNREFUSED' });
  assert.equal(await ask(existing), 'one ?');
  existing.finish();
  assert.equal((await existing.receive()).ended, 'fin');
  await expectIdle(pair);
});

test('an unchanged connection keeps its port, its clients and its sessions', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using pair = await startPair({ targets: { one: one.address.port } });
  await using existing = await clientOf(pair, 'one');
  await ask(existing);
  const port = pair.port('one');
  const events = pair.logged.length;
  for (let time = 0; time < 5; time += 1) {
    await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one')]));
  }
  await Promise.all(
    [1, 2, 3].map(() => pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one')]))),
  );
  assert.equal(pair.port('one'), port);
  assert.equal(pair.gateway.ingressOf('one').length, 1);
  assert.equal(await ask(existing), 'one ?');
  const names = pair.logged.slice(events).map(({ event }) => event);
  assert.deepEqual(
    names.filter((event) => event.startsWith('session') || event.startsWith('ingress')),
    [],
  );
});

test('a changed connector applies to new clients', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using two = await startRecording('two ');
  await using pair = await startPair({ targets: { one: one.address.port, two: two.address.port } });
  await using existing = await clientOf(pair, 'one');
  assert.equal(await ask(existing), 'one ?');
  const port = pair.port('one');
  await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one', { connector: 'two' })]));
  assert.equal(pair.port('one'), port);
  assert.equal(await askNew(pair, 'one'), 'two ?');
  assert.equal(await ask(existing), 'one ?');
});

test('changed limits and allow lists apply to new clients', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using pair = await startPair({ targets: { one: one.address.port } });
  await using existing = await clientOf(pair, 'one');
  await ask(existing);
  await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one', { maxConnections: 1 })]));
  await expectReset(pair, 'one');
  const [ingress] = connectionOf(pair, 'one').ingress;
  assert.ok(ingress !== undefined);
  const closed = { ...ingress, allow: ['192.0.2.0/24'] };
  await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one', { ingress: [closed] })]));
  await expectReset(pair, 'one');
  assert.deepEqual(
    pair.logged.filter(({ event }) => event === 'client-denied').map(({ code }) => code),
    ['LIMIT_EXCEEDED', 'CLIENT_DENIED'],
  );
  assert.equal(await ask(existing), 'one ?');
});

test('a changed order of pools applies to new clients', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using pair = await startPair({
    targets: { one: one.address.port },
    agents: { a1: 'dc1', b1: 'dc2' },
  });
  await askNew(pair, 'one');
  await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one', { pools: ['dc2', 'dc1'] })]));
  await askNew(pair, 'one');
  assert.deepEqual(
    pair.logged.filter(({ event }) => event === 'connection-opened').map(({ agent }) => agent),
    ['a1', 'b1'],
  );
});

test('a port can move from one connection to another', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using two = await startRecording('two ');
  await using pair = await startPair({ targets: { one: one.address.port, two: two.address.port } });
  const listen = { host: '127.0.0.1', port: await unusedPort() };
  const ingress: Ingress[] = [{ kind: 'tcp', listen, allow: ['127.0.0.0/8'], proxyProtocol: undefined }];
  await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'one', { ingress })]));
  await using existing = await connectTo(listen.port);
  assert.equal(await ask(existing), 'one ?');
  await pair.gateway.apply(withConnections(pair, [connectionOf(pair, 'two', { ingress })]));
  await using next = await connectTo(listen.port);
  assert.equal(await ask(next), 'two ?');
  assert.equal(await ask(existing), 'one ?');
});

test("an agent's added, changed or removed connector applies to new opens", async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using two = await startRecording('two ');
  await using pair = await startPair({
    targets: { db: one.address.port },
    agents: {},
    gateway: { pools: [{ name: 'dc1', queue: { limit: 8, timeout: '300ms' } }] },
  });
  const agent = await pair.startAgent('a1');
  await pair.connected('a1');
  const connectors = (...ports: number[]) => ({
    version: 2,
    connectors: ports.map((port) => ({ name: 'db', kind: 'tcp', address: `127.0.0.1:${port}` })),
  });
  await using existing = await clientOf(pair, 'db');
  assert.equal(await ask(existing), 'one ?');
  agent.apply(pair.agentConfig('a1', connectors(two.address.port)));
  assert.equal(await askNew(pair, 'db'), 'two ?');
  agent.apply(pair.agentConfig('a1', connectors()));
  await expectReset(pair, 'db');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'UNKNOWN_CONNECTOR');
  agent.apply(pair.agentConfig('a1', connectors(one.address.port)));
  assert.equal(await askNew(pair, 'db'), 'one ?');
  assert.equal(await ask(existing), 'one ?');
  assert.deepEqual(
    pair.logged.filter(({ event }) => event === 'session-ended' || event === 'session-lost'),
    [],
  );
});

test('a newly denied range applies to new opens, and open connections stay open', async () => {
  await using _leaks = expectNoLeaks();
  await using one = await startRecording('one ');
  await using pair = await startPair({ targets: { db: one.address.port }, agents: { a1: 'dc1' } });
  await using existing = await clientOf(pair, 'db');
  assert.equal(await ask(existing), 'one ?');
  const agent = pair.agents.get('a1');
  agent?.apply(pair.agentConfig('a1', { version: 2, policy: { deny: ['127.0.0.0/8'] } }));
  await expectReset(pair, 'db');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'POLICY_DENIED');
  assert.equal(await ask(existing), 'one ?');
  agent?.apply(pair.agentConfig('a1', { version: 3 }));
  assert.equal(await askNew(pair, 'db'), 'one ?');
});
