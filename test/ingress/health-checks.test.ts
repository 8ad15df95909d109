import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { resetSocket } from '@penstock/transport';
import { expectIdle } from '../data-path/idle.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startGreeter } from '../rig/targets.ts';

const CHECKS = 20;
const LOAD_BALANCER = '127.0.0.7';
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
/** What operators see as trouble. */
const WARNINGS = new Set(['client-denied', 'connection-failed', 'open-failed', 'connection-retried']);

const startMysqlPair = (port: number, ingress: object, kind = 'mysql'): Promise<Pair> =>
  startPair({
    targets: { db: port },
    agents: { a1: 'dc1' },
    gateway: { connections: [{ name: 'db', connector: 'db', pools: ['dc1'], ingress: [ingress] }] },
    agent: { connectors: [{ name: 'db', kind, address: `127.0.0.1:${port}` }] },
  });

const loadBalanced = (allow: string) => ({
  tcp: '127.0.0.1:0',
  allow: [allow],
  proxyProtocol: { from: [`${LOAD_BALANCER}/32`] },
});

const expectQuiet = (pair: Pair) =>
  assert.deepEqual(
    pair.logged.filter(({ event }) => WARNINGS.has(event)),
    [],
  );
const openedAtAgent = (pair: Pair) => pair.logged.filter(({ event }) => event === 'open-succeeded').length;

test('a LOCAL header dials nothing, and is closed without a word', async () => {
  await using _leaks = expectNoLeaks();
  await using greeter = await startGreeter('hello');
  for (const allow of ['127.0.0.0/8', '192.0.2.0/24']) {
    await using pair = await startMysqlPair(greeter.address.port, loadBalanced(allow));
    for (let index = 0; index < CHECKS; index += 1) {
      await using check = await TestClient.connect({
        host: '127.0.0.1',
        port: pair.port('db'),
        localAddress: LOAD_BALANCER,
      });
      check.send(LOCAL);
      const received = check.receive();
      if (index % 2 === 0) check.finish();
      const { bytes, ended } = await received;
      assert.deepEqual([bytes, ended], [0, 'fin']);
      check.finish();
    }
    await expectIdle(pair);
    expectQuiet(pair);
    assert.equal(openedAtAgent(pair), 0);
  }
});

test('PROXY UNKNOWN from a load balancer that may not use the connection is a health check', async () => {
  await using _leaks = expectNoLeaks();
  await using greeter = await startGreeter('hello');
  await using pair = await startMysqlPair(greeter.address.port, loadBalanced('192.0.2.0/24'));
  const check = (header: string) =>
    TestClient.connect({ host: '127.0.0.1', port: pair.port('db'), localAddress: LOAD_BALANCER }).then(
      (client) => {
        client.send(header);
        return client;
      },
    );
  await using unknown = await check('PROXY UNKNOWN\r\n');
  assert.equal((await unknown.receive()).ended, 'fin');
  unknown.finish();
  await using client = await check('PROXY TCP6 ::ffff:192.0.2.9 ::1 40000 3306\r\n');
  assert.equal(String(await client.read(5)), 'hello');
  expectQuiet(pair);
  assert.equal((await pair.event('connection-opened', { past: true }))['client'], '192.0.2.9');
});

test('clients that only connect and leave do not reach a MySQL server', async () => {
  await using _leaks = expectNoLeaks();
  await using greeter = await startGreeter('hello');
  await using pair = await startMysqlPair(greeter.address.port, {
    tcp: '127.0.0.1:0',
    allow: ['127.0.0.0/8'],
  });
  for (let index = 0; index < CHECKS; index += 1) {
    const socket = connect({ host: '127.0.0.1', port: pair.port('db') });
    socket.on('error', () => {});
    if (index % 2 === 0) socket.once('connect', () => resetSocket(socket));
    else socket.end();
    socket.resume();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    socket.once('close', () => resolve());
    await closed;
  }
  await eventually(
    'all to have left',
    () => pair.logged.filter(({ event }) => event === 'client-left').length === CHECKS,
  );
  expectQuiet(pair);
  assert.equal(openedAtAgent(pair), 0);
  const { dials } = await pair.api('GET /connections/db/explanation').catch(() => ({ dials: [] }));
  assert.deepEqual(dials ?? [], []);
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('db') });
  assert.equal(String(await client.read(5)), 'hello');
});

test('a client that half-closes is served where that can mean something', async () => {
  await using _leaks = expectNoLeaks();
  await using greeter = await startGreeter('hello');
  const served = async (kind: string, bytes: string) => {
    await using pair = await startMysqlPair(
      greeter.address.port,
      { tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] },
      kind,
    );
    await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('db') });
    const received = client.receive();
    client.finish(bytes);
    return (await received).bytes;
  };
  assert.equal(await served('tcp', ''), 5);
  assert.equal(await served('redis', 'PING\r\n'), 11);
});
