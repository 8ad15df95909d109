import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { expectIdle } from '../data-path/idle.ts';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipWithout } from '../rig/optional.ts';
import { pseudorandomHash, receive } from '../rig/pseudorandom.ts';
import { startEcho, startResetting, startSource } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { grantFor, startProxyPair } from './proxy-pair.ts';

const TLS = { httpConnect: { listen: '127.0.0.1:0' } };
const PLAINTEXT = { ...TLS, tls: 'off' };
const run = promisify(execFile);

const basic = (grant: string) => `Basic ${Buffer.from(`anyone:${grant}`).toString('base64')}`;

/** Sends a CONNECT in HTTP/1.1. Returns the head of the response and the client, which the caller closes. */
async function connectHttp1(port: number, authority: string, authorization?: string) {
  const client = await TestClient.connect({ host: '127.0.0.1', port });
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
  let head = '';
  while (!head.endsWith('\r\n\r\n')) head += String(await client.read(1, 15_000));
  return { client, head, status: Number(head.split(' ')[1]) };
}

async function statusOf(port: number, authority: string, authorization?: string): Promise<number> {
  const { client, status } = await connectHttp1(port, authority, authorization);
  await client[Symbol.asyncDispose]();
  return status;
}

/** An HTTP/2 session with a proxy, inside TLS if `tls`. */
function http2Session(port: number, tls: boolean) {
  const session = connectHttp2(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
  });
  session.on('error', () => {});
  return {
    session,
    async connect(authority: string, authorization?: string) {
      const stream = session.request(
        {
          ':method': 'CONNECT',
          ':authority': authority,
          ...(authorization !== undefined && { 'proxy-authorization': authorization }),
        },
        { endStream: false },
      );
      stream.on('error', () => {});
      const [headers] = await deadline('a response', once(stream, 'response'), 15_000);
      return { stream, status: Number((headers as Record<string, unknown>)[':status']) };
    },
    async [Symbol.asyncDispose]() {
      const closed = session.destroyed ? undefined : once(session, 'close');
      session.destroy();
      await closed;
    },
  };
}

async function echoes(stream: ClientHttp2Stream, text: string): Promise<void> {
  stream.write(text);
  const [answer] = await deadline('an echo', once(stream, 'data'));
  assert.equal(String(answer), text);
}

describe('an HTTP CONNECT client gets a tunnel', () => {
  test('in HTTP/1.1 and HTTP/2 on one plaintext port, with Basic, Bearer or a grant in the host', async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    await using pair = await startProxyPair({ targets: { db: echo.address.port }, ingress: PLAINTEXT });
    const port = pair.port('db');
    const { grant, label } = await grantFor(pair, ['db']);
    for (const [authority, authorization] of [
      ['db:5432', basic(grant)],
      ['db.penstock:1', `Bearer ${grant}`],
      [`db--${label}.penstock:1`, undefined],
      [`127.0.0.1:${echo.address.port}`, basic(grant)],
    ] as const) {
      const { client, status } = await connectHttp1(port, authority, authorization);
      assert.equal(status, 200, authority);
      assert.equal(await client.echo('one'), 'one');
      client.finish();
      assert.equal((await client.receive()).ended, 'fin');
      await using proxy = http2Session(port, false);
      const answered = await proxy.connect(authority, authorization);
      assert.equal(answered.status, 200, authority);
      await echoes(answered.stream, 'two');
      const end = receive(answered.stream);
      answered.stream.end();
      assert.equal((await deadline('the end', end)).ended, 'fin');
    }
    await expectIdle(pair);
    assert.equal(JSON.stringify(pair.logged).includes(label), false);
  });

  test('inside TLS, in the version that ALPN selected, with many tunnels on one HTTP/2 session', async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    await using pair = await startProxyPair({
      targets: { db: echo.address.port },
      ingress: { ...TLS, grant: 'none' },
    });
    const port = pair.port('db');
    const tls = connectTls({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    tls.write('CONNECT db:1 HTTP/1.1\r\n\r\n');
    const [head] = await deadline('a response', once(tls, 'data'), 15_000);
    assert.match(String(head), /^HTTP\/1\.1 200 /);
    tls.write('inside');
    assert.equal(String((await deadline('an echo', once(tls, 'data')))[0]), 'inside');
    const closed = once(tls, 'close');
    tls.end();
    tls.resume();
    await deadline('the end', closed);

    await using proxy = http2Session(port, true);
    const streams = await Promise.all(Array.from({ length: 20 }, () => proxy.connect('db:1')));
    await Promise.all(streams.map(({ stream }, index) => echoes(stream, `number ${index}`)));
    assert.equal(proxy.session.alpnProtocol, 'h2');
    assert.equal(echo.open, 20);
    for (const { stream } of streams) stream.close();
    await expectIdle(pair);
  });
});

test('a plaintext client on a TLS port is logged', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startProxyPair({ targets: { db: 1 }, ingress: { ...TLS, grant: 'none' } });
  const denied = pair.event('client-denied');
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('db') });
  client.send('CONNECT db:1 HTTP/1.1\r\n\r\n');
  const { code, detail } = await denied;
  assert.equal(code, 'PROTOCOL_ERROR');
  assert.match(String(detail), /^The TLS handshake with the client failed/);
  await expectIdle(pair);
});

test('a request that is refused gets a status and a problem document', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port, closed: await unusedPort() },
    ingress: PLAINTEXT,
  });
  const port = pair.port('db');
  const { grant } = await grantFor(pair, ['db', 'closed']);
  const { client, head } = await connectHttp1(port, 'db:1');
  assert.match(head, /^HTTP\/1\.1 407 [\s\S]*\r\nproxy-authenticate: Basic realm="penstock"[\s\S]*Bearer/i);
  const length = Number(/content-length: ([0-9]+)/i.exec(head)?.[1]);
  const problem: unknown = JSON.parse(String(await client.read(length)));
  assert.equal((problem as { code: string }).code, 'CLIENT_DENIED');
  await client[Symbol.asyncDispose]();
  assert.equal(await statusOf(port, 'db:1', basic('pst_grant_aaaaaaaaaaaaaaaaaaaaaaaaaa')), 407);
  assert.equal(await statusOf(port, 'example.com:443', basic(grant)), 403);
  assert.equal(await statusOf(port, 'closed:1', basic(grant)), 502);
  assert.equal(await statusOf(port, 'db:99999', basic(grant)), 400);
  await using proxy = http2Session(port, false);
  assert.equal((await proxy.connect('db:1')).status, 407);
  assert.equal((await proxy.connect('closed:1', basic(grant))).status, 502);
  assert.equal((await proxy.connect('nowhere:1', basic(grant))).status, 403);
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  assert.equal(response.status, 405);
  await response.text();
  assert.equal(echo.accepted, 0);
  await expectIdle(pair);
});

test('a complete response ends and a truncated one is reset, in HTTP/2 as well', async () => {
  await using _leaks = expectNoLeaks();
  const BYTES = 3_000_000;
  await using source = await startSource(BYTES, 7);
  await using cut = await startResetting(300_000, 7);
  await using pair = await startProxyPair({
    targets: { source: source.address.port, cut: cut.address.port },
    ingress: { ...PLAINTEXT, grant: 'none' },
  });
  await using proxy = http2Session(pair.port('source'), false);
  const whole = await proxy.connect('source:1');
  const received = receive(whole.stream);
  whole.stream.end();
  assert.deepEqual(await deadline('the answer', received, 15_000), {
    bytes: BYTES,
    sha256: pseudorandomHash(BYTES, 7),
    ended: 'fin',
  });
  const broken = await proxy.connect('cut:1');
  const cutOff = receive(broken.stream);
  broken.stream.write('go');
  assert.equal((await deadline('the reset', cutOff, 15_000)).ended, 'reset');
  assert.notEqual(broken.stream.rstCode, 0);
  await expectIdle(pair);
});

test('a client that resets its stream resets its target, and its session stays open', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: { ...PLAINTEXT, grant: 'none' },
  });
  await using proxy = http2Session(pair.port('db'), false);
  const one = await proxy.connect('db:1');
  await echoes(one.stream, 'one');
  const ended = pair.event('connection-closed');
  one.stream.destroy(new Error('canceled'));
  assert.equal((await ended)['code'], 'CLIENT_RESET');
  await echoes((await proxy.connect('db:1')).stream, 'two');
  await proxy[Symbol.asyncDispose]();
  await expectIdle(pair);
});

test('a client that sends nothing or no HTTP is reset within the handshake timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: PLAINTEXT,
    gateway: { limits: { handshakeTimeout: '300ms' } },
  });
  for (const bytes of ['', 'CONN', 'PRI * HTTP/2.0\r\n\r\n', 'CONNECT db:1 HTTP/1.1\r\nx', '\0\0\0\0\0\0']) {
    await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('db') });
    client.send(bytes);
    assert.equal((await client.receive(15_000)).ended, 'reset', JSON.stringify(bytes));
  }
  await expectIdle(pair);
});

test('curl connects through HTTP/1.1 and SOCKS5', { skip: skipWithout('curl') }, async () => {
  await using _leaks = expectNoLeaks();
  const server = createServer((_request, response) =>
    response.setHeader('connection', 'close').end('hello curl'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: target } = server.address() as AddressInfo;
  {
    await using pair = await startProxyPair({ targets: { web: target }, ingress: PLAINTEXT });
    const { grant } = await grantFor(pair, ['web']);
    const curl = async (...options: string[]) =>
      (await run('curl', ['-sS', '--max-time', '20', ...options, `http://web:${target}/`])).stdout;
    const proxy = `http://127.0.0.1:${pair.port('web')}`;
    assert.equal(await curl('--proxytunnel', '--proxy', proxy, '--proxy-user', `x:${grant}`), 'hello curl');
    assert.equal(
      await curl('--proxytunnel', '--proxy', proxy, '--proxy-anyauth', '--proxy-user', `x:${grant}`),
      'hello curl',
    );
    await assert.rejects(curl('--proxytunnel', '--proxy', proxy), /407/);
  }
  {
    await using pair = await startProxyPair({ targets: { web: target }, ingress: TLS });
    const { grant } = await grantFor(pair, ['web']);
    const proxy = `https://127.0.0.1:${pair.port('web')}`;
    const options = ['-sS', '--max-time', '20', '--proxy-insecure', '--proxytunnel', '--proxy', proxy];
    const { stdout } = await run('curl', [...options, '--proxy-user', `x:${grant}`, `http://web:${target}/`]);
    assert.equal(stdout, 'hello curl');
  }
  {
    const socks = { socks5: { listen: '127.0.0.1:0' } };
    await using pair = await startProxyPair({ targets: { web: target }, ingress: socks });
    const { grant } = await grantFor(pair, ['web']);
    const options = ['-sS', '--max-time', '20', '--socks5-hostname', `127.0.0.1:${pair.port('web')}`];
    const { stdout } = await run('curl', [...options, '--proxy-user', `x:${grant}`, `http://web:${target}/`]);
    assert.equal(stdout, 'hello curl');
  }
  server.close();
});
