import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { clientOf, expectReset } from './client-of.ts';
import { expectIdle, readMetrics } from './idle.ts';

const queue = (limit: number, timeout: string) => ({ pools: [{ name: 'dc1', queue: { limit, timeout } }] });

async function waitingClients(pair: Pair, count: number): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (let index = 0; index < count; index += 1) clients.push(await clientOf(pair, 'db'));
  await eventually(`${count} clients to wait`, async () => {
    const metrics = await readMetrics(pair.gateway.admin);
    return metrics.get('penstock_gateway_queue_depth{pool="dc1"}') === count;
  });
  return clients;
}

test('clients wait for an agent, and are served with everything they have sent once it connects', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    agents: {},
    gateway: queue(64, '30s'),
  });
  const clients = await waitingClients(pair, 20);
  for (const [index, client] of clients.entries()) client.send(`number ${index}`);
  await pair.startAgent('a1');
  for (const [index, client] of clients.entries()) {
    const expected = `number ${index}`;
    assert.equal(String(await client.read(expected.length)), expected);
    client.finish();
    assert.equal((await client.receive()).ended, 'fin');
  }
  await expectIdle(pair);
});

test('a client is reset immediately if the queue is full, and after the timeout if no agent connects', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { db: 1 }, agents: {}, gateway: queue(3, '5s') });
  const clients = await waitingClients(pair, 3);
  const outcomes = Promise.all(clients.map((client) => client.receive()));
  await expectReset(pair, 'db');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'QUEUE_FULL');
  assert.deepEqual(
    (await outcomes).map(({ ended }) => ended),
    ['reset', 'reset', 'reset'],
  );
  const codes = pair.logged.filter(({ event }) => event === 'connection-failed').map(({ code }) => code);
  assert.deepEqual(codes, ['QUEUE_FULL', 'QUEUE_TIMEOUT', 'QUEUE_TIMEOUT', 'QUEUE_TIMEOUT']);
  await expectIdle(pair);
});

test('with limit 0 no client waits', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { db: 1 }, agents: {}, gateway: queue(0, '30s') });
  await expectReset(pair, 'db');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'NO_AGENT');
  await expectIdle(pair);
});

test('a client that disconnects from the queue frees a place', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { db: 1 }, agents: {}, gateway: queue(1, '30s') });
  const [leaving] = await waitingClients(pair, 1);
  leaving?.send('hello');
  leaving?.reset();
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'CLIENT_GONE');
  const [next] = await waitingClients(pair, 1);
  next?.reset();
  await expectIdle(pair);
});

test('agents without the connector serve no clients until one has it', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    agents: {},
    gateway: queue(8, '30s'),
  });
  const [client] = await waitingClients(pair, 1);
  assert.ok(client !== undefined);
  client.send('hello');
  const agent = await pair.startAgent('a1', {
    connectors: [{ name: 'other', kind: 'tcp', address: '127.0.0.1:1' }],
  });
  await pair.connected('a1');
  agent.apply(pair.agentConfig('a1', { version: 2 }));
  assert.equal(String(await client.read(5)), 'hello');
  client.reset();
  await expectIdle(pair);
});

test('an agent of an ineligible pool serves no clients', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    agents: { b1: 'dc2' },
    gateway: {
      pools: [{ name: 'dc1', queue: { limit: 8, timeout: '200ms' } }, { name: 'dc2' }],
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        },
      ],
    },
  });
  await expectReset(pair, 'db');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'QUEUE_TIMEOUT');
  assert.equal(echo.accepted, 0);
  await expectIdle(pair);
});
