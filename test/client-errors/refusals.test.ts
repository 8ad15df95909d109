import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import pg from 'pg';
import { TestAuthority } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { startRefusingPair } from './refusing-pair.ts';

type PgError = Error & { code?: string; hint?: string };

async function errorOf(port: number, more: pg.ClientConfig = {}): Promise<PgError> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'app', ...more });
  client.on('error', () => {});
  return client.connect().then(
    () => assert.fail('the client connected'),
    (error: PgError) => error,
  );
}

const only = { kinds: ['postgresql'] } as const;

test('an address that is not allowed learns that, and nothing else', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startRefusingPair({
    ...only,
    connection: { ingress: [{ tcp: '127.0.0.1:0', allow: ['10.99.0.0/16'] }] },
  });
  const error = await errorOf(pair.port('postgresql'));
  assert.equal(error.code, '08004');
  assert.match(
    error.message,
    /^Your address is not allowed to use this connection\. \(Penstock: CLIENT_DENIED\)$/,
  );
  assert.doesNotMatch(`${error.message} ${error.hint}`, /explain|127\.0|postgresql/);
  const denied = await pair.event('client-denied', { past: true });
  assert.match(String(denied['detail']), /127\.0\.0\.1 is not in the allow list/);
});

test('strangers hold at most half of limits.pendingHandshakes, and clients still learn why they failed', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startRefusingPair({
    ...only,
    connection: { ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.1/32'] }] },
    gateway: { limits: { pendingHandshakes: 4, handshakeTimeout: '1s' } },
  });
  const port = pair.port('postgresql');
  const stranger = () => TestClient.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
  await using first = await stranger();
  await using second = await stranger();
  await eventually(
    'both to be waited for',
    () => pair.logged.filter(({ event }) => event === 'client-denied').length === 2,
  );
  // It may be reset before its connect has completed.
  const third = await stranger().catch(() => undefined);
  if (third !== undefined) assert.equal((await third.receive()).ended, 'reset');
  await third?.[Symbol.asyncDispose]();
  assert.equal((await errorOf(port)).code, '08001');
  for (const client of [first, second]) assert.equal((await client.receive(10_000)).ended, 'reset');
});

test('a client that asks for nothing is reset after limits.handshakeTimeout, and so is one that never closes', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startRefusingPair({ ...only, gateway: { limits: { handshakeTimeout: '300ms' } } });
  const address = { host: '127.0.0.1', port: pair.port('postgresql') };
  await using silent = await TestClient.connect(address);
  assert.equal((await silent.receive()).ended, 'reset');
  await using halfway = await TestClient.connect(address);
  halfway.send(Buffer.from([0, 0, 0]));
  assert.equal((await halfway.receive()).ended, 'reset');
});

test('clientErrors: reset only resets', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startRefusingPair({ kinds: ['mysql'], connection: { clientErrors: 'reset' } });
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('mysql') });
  const { bytes, ended } = await client.receive();
  assert.deepEqual([bytes, ended], [0, 'reset']);
});

test('without an agent, the kind in gateway.yaml determines the protocol; a connection of kind tcp only resets', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: { orders: 1, plain: 1 },
    agents: {},
    gateway: {
      pools: [{ name: 'dc1', queue: { limit: 0 } }],
      connections: [
        {
          name: 'orders',
          connector: 'orders',
          kind: 'postgresql',
          pools: ['dc1'],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        },
        {
          name: 'plain',
          connector: 'plain',
          kind: 'tcp',
          pools: ['dc1'],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        },
      ],
    },
  });
  const error = await errorOf(pair.port('orders'));
  assert.deepEqual(
    [error.code, error.message],
    ['57P03', 'No agent of an eligible pool is connected. (Penstock: NO_AGENT)'],
  );
  // It may be reset before its connect has completed.
  const client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('plain') }).catch(
    () => undefined,
  );
  client?.send('anything');
  assert.equal((await client?.receive())?.ended ?? 'reset', 'reset');
  await client?.[Symbol.asyncDispose]();
});

test('clients over maxConnections or connectionsPerAddress receive an error, and connected clients are not affected', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const ingress = [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }];
  const connection = (name: string, more: object) => ({
    name,
    connector: name,
    kind: 'postgresql',
    pools: ['dc1'],
    ingress,
    ...more,
  });
  await using pair = await startPair({
    targets: { narrow: echo.address.port, wide: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: {
      limits: { connectionsPerAddress: 3 },
      connections: [connection('narrow', { maxConnections: 1 }), connection('wide', {})],
    },
  });
  await using one = await TestClient.connect({ host: '127.0.0.1', port: pair.port('narrow') });
  assert.equal(await one.echo('one'), 'one');
  const full = await errorOf(pair.port('narrow'));
  assert.deepEqual([full.code, full.message], ['53300', 'A limit was reached. (Penstock: LIMIT_EXCEEDED)']);
  await using two = await TestClient.connect({ host: '127.0.0.1', port: pair.port('wide') });
  assert.equal(await two.echo('two'), 'two');
  const three = await eventually('the place of the refused client', async () => {
    const client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('wide') });
    const isServed = await client.echo('three').then(
      () => true,
      () => false,
    );
    if (isServed) return client;
    await client[Symbol.asyncDispose]();
    return undefined;
  });
  assert.equal((await errorOf(pair.port('wide'))).code, '53300');
  await three?.[Symbol.asyncDispose]();
  assert.equal(await one.echo('still'), 'still');
});

test('once a byte of the target has flowed, a lost connection is only reset', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { orders: echo.address.port },
    agents: { a1: 'dc1' },
    agent: { connectors: [{ name: 'orders', kind: 'redis', address: `127.0.0.1:${echo.address.port}` }] },
  });
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('orders') });
  assert.equal(await client.echo('PING\r\n'), 'PING\r\n');
  echo.resetAll();
  const { bytes, ended } = await client.receive();
  assert.deepEqual([bytes, ended], [0, 'reset']);
});

test('a stopping gateway does not wait for clients to which an error is being sent', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startRefusingPair(only);
  await using silent = await TestClient.connect({ host: '127.0.0.1', port: pair.port('postgresql') });
  await pair.event('connection-failed', { past: true });
  const received = silent.receive();
  await pair.gateway.stop();
  assert.equal((await received).ended, 'reset');
});

test('if the gateway terminates TLS, clients of any protocol receive the error inside it', async () => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('clients');
  const host = 'cache.db.example';
  const { chain, key } = await authority.issue({ commonName: 'gateway', names: [host] });
  await using pair = await startRefusingPair({
    kinds: ['redis'],
    environment: { CERTIFICATE: chain, KEY: key },
    connection: {
      kind: 'redis',
      ingress: [{ sni: { listen: '127.0.0.1:0', host }, mode: 'terminate', allow: ['127.0.0.1/32'] }],
    },
    gateway: { ingressTls: { certificate: '${env:CERTIFICATE}', key: '${env:KEY}' } },
  });
  const port = pair.port('redis');
  const client = connectTls({ host: '127.0.0.1', port, servername: host, ca: authority.certificate });
  await once(client, 'secureConnect');
  client.write('PING\r\n');
  let text = '';
  for await (const chunk of client) text += String(chunk);
  assert.match(text, /^-ERR Penstock: REFUSED: The target refused the connection\./);
  // Nothing of the port admits this address: it gets an alert without a handshake.
  const stranger = connectTls({
    host: '127.0.0.1',
    port,
    servername: host,
    localAddress: '127.0.0.2',
  } as ConnectionOptions);
  const [error] = (await once(stranger, 'error')) as [Error & { code?: string }];
  assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED');
});
