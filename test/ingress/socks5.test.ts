import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectIdle } from '../data-path/idle.ts';
import { TestClient } from '../rig/client.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startEcho, startGreeter } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { grantFor, startProxyPair } from './proxy-pair.ts';
import { connectSocks5, type Socks5Options } from './socks5-client.ts';

const SOCKS5 = { socks5: { listen: '127.0.0.1:0' } };

/** The reply to one request, after which the client is closed. */
async function replyTo(options: Socks5Options): Promise<number> {
  const { reply, client } = await connectSocks5(options);
  await client[Symbol.asyncDispose]();
  return reply;
}

async function echoes(options: Socks5Options, text: string): Promise<void> {
  const { reply, client } = await connectSocks5(options);
  try {
    assert.equal(reply, 0);
    assert.equal(await client.echo(text), text);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

describe('a SOCKS5 client connects', () => {
  test('with a grant as password, as user name, or in the host, by the name of the connection', async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    await using pair = await startProxyPair({ targets: { Orders: echo.address.port }, ingress: SOCKS5 });
    const port = pair.port('Orders');
    const { grant, label } = await grantFor(pair, ['Orders']);
    const host = 'orders';
    await echoes({ port, host, user: 'anyone', password: grant }, 'as password');
    await echoes({ port, host: 'Orders.penstock', user: grant, password: '' }, 'as user');
    await echoes({ port, host: `orders--${label}.penstock` }, 'no credentials');
    // Stock JVMs send the name of the system user and an empty password.
    await echoes(
      { port, host: `ORDERS--${label.toUpperCase()}.Penstock`, user: 'root', password: '' },
      'JVM',
    );
    await echoes({ port, host, user: 'x', password: grant, methods: [2] }, 'password only');
    await expectIdle(pair);
    assert.equal(JSON.stringify(pair.logged).includes(label), false);
  });

  test('without a grant if none is required, with or without credentials', async () => {
    await using _leaks = expectNoLeaks();
    await using greeter = await startGreeter('hello');
    await using pair = await startProxyPair({
      targets: { db: greeter.address.port },
      ingress: { ...SOCKS5, grant: 'none' },
    });
    const port = pair.port('db');
    for (const credentials of [{}, { user: 'root', password: '' }]) {
      const { reply, client } = await connectSocks5({ port, host: 'db', ...credentials });
      assert.equal(reply, 0);
      assert.equal(String(await client.read(5)), 'hello');
      await client[Symbol.asyncDispose]();
    }
    await expectIdle(pair);
  });

  test('and may send data before the reply', async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    await using pair = await startProxyPair({
      targets: { db: echo.address.port },
      ingress: { ...SOCKS5, grant: 'none' },
    });
    await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('db') });
    const request = Buffer.concat([
      Buffer.from([5, 1, 0, 5, 1, 0, 3, 2]),
      Buffer.from('db'),
      Buffer.from([0, 1]),
    ]);
    client.finish(Buffer.concat([request, Buffer.from('early')]));
    assert.equal((await client.read(2 + 10)).length, 12);
    assert.equal(String(await client.read(5)), 'early');
    assert.equal((await client.receive()).ended, 'fin');
    await expectIdle(pair);
  });
});

test('a request that is refused gets the matching reply', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port, closed: await unusedPort() },
    ingress: SOCKS5,
  });
  const port = pair.port('db');
  const { grant } = await grantFor(pair, ['db']);
  const { grant: closed } = await grantFor(pair, ['closed']);
  const as = (password: string) => ({ port, user: 'x', password });
  assert.equal(await replyTo({ port, host: 'db' }), 2, 'no grant');
  assert.equal(
    await replyTo({ ...as('pst_grant_aaaaaaaaaaaaaaaaaaaaaaaaaa'), host: 'db' }),
    2,
    'no such grant',
  );
  assert.equal(await replyTo({ ...as(grant), host: 'closed' }), 2, 'a grant for another connection');
  assert.equal(
    await replyTo({ ...as(grant), host: 'elsewhere.example.com', targetPort: 443 }),
    2,
    'no open proxy',
  );
  assert.equal(await replyTo({ ...as(grant), host: '169.254.169.254', targetPort: 80 }), 2, 'no open proxy');
  assert.equal(await replyTo({ ...as(closed), host: 'closed' }), 5, 'the target refuses');
  assert.equal(echo.accepted, 0);
  await expectIdle(pair);
});

test('the log has the reason for refusing a grant, and the response time does not reveal it', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startProxyPair({ targets: { db: 1, other: 1 }, ingress: SOCKS5 });
  const port = pair.port('db');
  const { id, grant } = await grantFor(pair, ['other']);
  const { id: elsewhere, grant: far } = await grantFor(pair, ['db'], { sources: ['192.0.2.0/24'] });
  const attempts = [
    [undefined, /without a grant\.$/],
    ['pst_grant_aaaaaaaaaaaaaaaaaaaaaaaaaa', /does not exist, has expired or was revoked\.$/],
    [grant, new RegExp(`^Grant ${id} does not permit db:`)],
    [far, new RegExp(`^Grant ${elsewhere} may not be used from 127\\.0\\.0\\.1\\.$`)],
  ] as const;
  for (const [password, detail] of attempts) {
    const denied = pair.event('client-denied');
    const requested = performance.now();
    assert.equal(await replyTo({ port, host: 'db', ...(password && { user: 'x', password }) }), 2);
    assert.ok(performance.now() - requested > 390, 'every failure is delayed');
    assert.match(String((await denied)['detail']), detail);
  }
  await expectIdle(pair);
});

test('revoking a grant resets its clients and refuses new ones', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({ targets: { db: echo.address.port }, ingress: SOCKS5 });
  const { id, grant } = await grantFor(pair, ['db'], { maxConnections: 1 });
  const request = { port: pair.port('db'), host: 'db', user: 'x', password: grant };
  const { client } = await connectSocks5(request);
  await client.echo('in');
  assert.equal(await replyTo(request), 2, 'maxConnections of the grant is reached');
  await pair.api(`DELETE /grants/${id}`);
  assert.equal((await client.receive()).ended, 'reset');
  assert.equal((await pair.event('connection-closed', { past: true }))['code'], 'GRANT_INVALID');
  assert.equal(await replyTo(request), 2);
  await client[Symbol.asyncDispose]();
  await expectIdle(pair);
});

test('a client that sends something else, or nothing within the handshake timeout, is reset', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: SOCKS5,
    gateway: { limits: { handshakeTimeout: '300ms', pendingHandshakes: 4 } },
  });
  const port = pair.port('db');
  const connect = () => TestClient.connect({ host: '127.0.0.1', port });
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01\x00\x00',
    '\x04\x01\x00\x50',
    '\x05\x01\x01',
  ]) {
    await using client = await connect();
    client.send(Buffer.from(bytes, 'latin1'));
    assert.equal((await client.receive()).ended, 'reset', JSON.stringify(bytes));
  }
  await using silent = await connect();
  await using slow = await connect();
  slow.send(Buffer.from([5]));
  assert.equal((await silent.receive(15_000)).ended, 'reset');
  assert.equal((await slow.receive(15_000)).ended, 'reset');
  const codes = pair.logged.filter(({ event }) => event === 'client-denied').map(({ code }) => code);
  assert.deepEqual(codes, [
    ...Array.from({ length: 4 }, () => 'PROTOCOL_ERROR'),
    'LIMIT_EXCEEDED',
    'LIMIT_EXCEEDED',
  ]);
  await expectIdle(pair);
});

describe('a target is requested by its own address', () => {
  test('by name or by IP address, and by an alternate', async () => {
    await using _leaks = expectNoLeaks();
    await using first = await startGreeter('first');
    await using second = await startGreeter('other');
    const address = (name: string, { address: { port } }: typeof first) => `${name}:${port}`;
    await using pair = await startProxyPair({
      targets: { db: address('db.internal', first) },
      ingress: { ...SOCKS5, grant: 'none' },
      agent: {
        connectors: [
          {
            name: 'db',
            kind: 'tcp',
            address: address('db.internal', first),
            alternates: [address('db2.internal', second), address('[::1]', second)],
          },
        ],
      },
      lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    const port = pair.port('db');
    const greetingOf = async (host: string, targetPort: number) => {
      const { reply, client } = await connectSocks5({ port, host, targetPort });
      try {
        return reply === 0 ? String(await client.read(5)) : reply;
      } finally {
        await client[Symbol.asyncDispose]();
      }
    };
    assert.equal(await greetingOf('DB.internal', first.address.port), 'first');
    assert.equal(await greetingOf('db2.internal', second.address.port), 'other');
    assert.equal(await greetingOf('db2.internal', first.address.port), 2, 'not this pair');
    assert.equal(await greetingOf('127.0.0.1', first.address.port), 2, 'not under this name');
    assert.notEqual(await greetingOf('[::1]', second.address.port), 2, 'IPv6 in any spelling');
    await expectIdle(pair);
  });

  test('and if two connections have the same target, only by grant or name', async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    const targets = { one: echo.address.port, two: echo.address.port };
    await using pair = await startProxyPair({ targets, ingress: SOCKS5 });
    const port = pair.port('one');
    const request = { port, host: '127.0.0.1', targetPort: echo.address.port, user: 'x' };
    const { grant: both } = await grantFor(pair, ['one', 'two']);
    const { grant: one } = await grantFor(pair, ['one']);
    assert.equal(await replyTo({ ...request, password: both }), 2);
    const denied = await pair.event('client-denied', { past: true });
    assert.match(String(denied['detail']), /\(one, two\)\. Request one of them by name/);
    await echoes({ ...request, password: one }, 'by grant');
    await echoes({ ...request, host: 'two', password: both }, 'by name');
    await expectIdle(pair);
  });
});

test('a target with proxyProtocol receives the address of the client', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: { ...SOCKS5, grant: 'none' },
    agent: {
      connectors: [
        { name: 'db', kind: 'tcp', address: `127.0.0.1:${echo.address.port}`, proxyProtocol: 'v1' },
      ],
    },
  });
  const { client } = await connectSocks5({ port: pair.port('db'), host: 'db', localAddress: '127.0.0.9' });
  const header = `PROXY TCP4 127.0.0.9 127.0.0.1 ${client.socket.localPort} ${echo.address.port}\r\n`;
  assert.equal(String(await client.read(header.length)), header);
  assert.equal(await client.echo('data of the client'), 'data of the client');
  await client[Symbol.asyncDispose]();
  await expectIdle(pair);
});
