import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from './client.ts';
import { eventually } from './eventually.ts';
import { FakeHttpProxy } from './http-proxy.ts';
import { expectNoLeaks } from './leaks.ts';
import { startEcho } from './targets.ts';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

async function ask(proxy: FakeHttpProxy, authority: string, header = ''): Promise<TestClient> {
  const client = await TestClient.connect(proxy.address);
  client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${header}\r\n`);
  return client;
}

const statusLine = async (client: TestClient) => String(await client.read(12));

test('a proxy forwards bytes after CONNECT and records the requests', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using proxy = await FakeHttpProxy.start({ route: () => echo.address });
  await using client = await ask(proxy, 'gateway.internal:8443');
  assert.equal(String(await client.read(ESTABLISHED.length)), ESTABLISHED);
  assert.equal(await client.echo('through'), 'through');
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  assert.deepEqual(
    proxy.requests.map(({ authority, status }) => ({ authority, status })),
    [{ authority: 'gateway.internal:8443', status: 200 }],
  );
  await eventually('the proxy to be empty', () => proxy.open === 0);
});

test('a proxy with credentials rejects clients without them', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using proxy = await FakeHttpProxy.start({ credentials: { username: 'agent', password: 'p@ss' } });
  const authority = `127.0.0.1:${echo.address.port}`;
  await using stranger = await ask(proxy, authority);
  assert.equal(await statusLine(stranger), 'HTTP/1.1 407');
  const { username, password } = new URL(proxy.url);
  const basic = Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64');
  await using known = await ask(proxy, authority, `Proxy-Authorization: Basic ${basic}\r\n`);
  assert.equal(await statusLine(known), 'HTTP/1.1 200');
  assert.equal(echo.accepted, 1);
});

test('a proxy refuses on demand, and responds with 502 for an unreachable target', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using proxy = await FakeHttpProxy.start();
  const authority = `127.0.0.1:${echo.address.port}`;
  proxy.refuse(403);
  await using refused = await ask(proxy, authority);
  assert.equal(await statusLine(refused), 'HTTP/1.1 403');
  proxy.allow();
  echo.refuse();
  await using unreachable = await ask(proxy, authority);
  assert.equal(await statusLine(unreachable), 'HTTP/1.1 502');
});

test('a proxy dies midway and works again afterwards', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using proxy = await FakeHttpProxy.start();
  const authority = `127.0.0.1:${echo.address.port}`;
  await using client = await ask(proxy, authority);
  await client.read(ESTABLISHED.length);
  proxy.dieAfter(10);
  client.send('more than ten bytes');
  assert.equal((await client.receive()).ended, 'reset');
  await using again = await ask(proxy, authority);
  assert.equal(await statusLine(again), 'HTTP/1.1 200');
});
