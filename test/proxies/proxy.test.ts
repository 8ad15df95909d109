import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { FakeHttpProxy } from '../rig/http-proxy.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

/** With every character that must be encoded in a URL, and a non-ASCII one. */
const credentials = { username: 'agent@corp', password: 'p:a/s?s%w#rd ü' };
const count = (pair: Pair, event: string) => pair.logged.filter((entry) => entry.event === event).length;

/** A gateway that only the proxy can reach: its name does not resolve on this host. */
async function startBehindProxy(options: Parameters<typeof FakeHttpProxy.start>[0] = {}) {
  const echo = await startEcho();
  const pair = await startPair({ targets: { echo: echo.address.port }, agents: {} });
  const proxy = await FakeHttpProxy.start({
    ...options,
    route: () => ({ host: '127.0.0.1', port: pair.gateway.tunnel.port }),
  });
  const url = 'https://gateway.invalid:8443';
  return {
    pair,
    proxy,
    gateway: { url, proxy: 'env' },
    serves: async () => {
      await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
      assert.equal(await client.echo('through the proxy'), 'through the proxy');
    },
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

test('enrollment, sessions and renewal use the proxy of the environment, with its credentials', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy({ credentials });
  at.pair.environment['HTTPS_PROXY'] = at.proxy.url;
  await at.pair.gateway.apply({
    ...at.pair.gatewayConfig,
    identity: { certificateLifetime: 5_000, renewalGrace: 0 },
  });
  await at.pair.startAgent('a1', { gateway: at.gateway });
  await at.pair.connected('a1');
  await at.serves();
  assert.equal(at.proxy.requests.length, 3, 'one for enrollment, two for sessions');
  await at.pair.event('identity-renewed', { past: true });
  assert.ok(at.proxy.requests.length > 3);
  for (const { authority, status } of at.proxy.requests) {
    assert.deepEqual([authority, status], ['gateway.invalid:8443', 200]);
  }
});

test('the proxy of the file, also by reference, takes precedence over the environment', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy({ credentials });
  at.pair.environment['HTTPS_PROXY'] = 'http://127.0.0.1:9';
  at.pair.environment['NO_PROXY'] = '*';
  at.pair.environment['PROXY_URL'] = at.proxy.url;
  await at.pair.startAgent('a1', { gateway: { ...at.gateway, proxy: '${env:PROXY_URL}' } });
  await at.pair.connected('a1');
  await at.serves();
});

test('NO_PROXY bypasses the proxy', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy();
  at.pair.environment['HTTPS_PROXY'] = at.proxy.url;
  at.pair.environment['NO_PROXY'] = 'localhost,127.0.0.0/8';
  await at.pair.startAgent('a1', { gateway: { proxy: 'env' } });
  await at.pair.connected('a1');
  assert.equal(at.proxy.requests.length, 0);
});

test('proxy: none connects directly, whatever the environment says', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy();
  at.pair.environment['HTTPS_PROXY'] = at.proxy.url;
  await at.pair.startAgent('a1', { gateway: { proxy: 'none' } });
  await at.pair.connected('a1');
  assert.equal(at.proxy.requests.length, 0);
});

for (const status of [403, 407, 502]) {
  test(`a proxy that responds with ${status} is reported, and never bypassed`, async () => {
    await using _leaks = expectNoLeaks();
    await using at = await startBehindProxy();
    const url = at.proxy.url;
    at.pair.environment['HTTPS_PROXY'] = url.replace('://', '://user:s3cret@');
    at.proxy.refuse(status);
    const failed = at.pair.event('enrollment-failed');
    // This address could be reached without the proxy.
    await at.pair.startAgent('a1', { gateway: { proxy: 'env' } });
    const entry = await failed;
    assert.equal(entry['code'], 'PROXY_REFUSED');
    assert.match(String(entry['detail']), new RegExp(`answered ${status}`));
    if (status === 407) assert.match(String(entry['detail']), /requires credentials/);
    await eventually('further attempts', () => at.proxy.requests.length >= 3);
    assert.equal(count(at.pair, 'agent-enrolled'), 0);
    at.proxy.allow();
    await at.pair.connected('a1');
    assert.ok(!JSON.stringify(at.pair.logged).includes('s3cret'));
  });
}

test('wrong credentials are reported, and a reload applies correct ones', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy({ credentials });
  at.pair.environment['PROXY_URL'] = `http://agent:wrong@127.0.0.1:${at.proxy.address.port}`;
  const gateway = { ...at.gateway, proxy: '${env:PROXY_URL}' };
  const failed = at.pair.event('enrollment-failed');
  const daemon = await at.pair.startAgent('a1', { gateway });
  assert.match(String((await failed)['detail']), /answered 407/);
  at.pair.environment['PROXY_URL'] = at.proxy.url;
  daemon.apply(at.pair.agentConfig('a1', { version: 2, gateway }));
  await at.pair.connected('a1');
});

test('an unreachable proxy is reported, and never bypassed', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy();
  at.pair.environment['HTTPS_PROXY'] = 'http://127.0.0.1:9';
  const failed = at.pair.event('enrollment-failed');
  await at.pair.startAgent('a1', { gateway: { proxy: 'env' } });
  const entry = await failed;
  assert.equal(entry['code'], 'PROXY_UNREACHABLE');
  assert.match(String(entry['detail']), /ECONNREFUSED 127\.0\.0\.1:9/);
  assert.equal(count(at.pair, 'agent-enrolled'), 0);
});

test('an invalid proxy setting is reported, and the agent does not connect', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy();
  at.pair.environment['HTTPS_PROXY'] = 'socks5://s3cret@127.0.0.1:9';
  const failed = at.pair.event('enrollment-failed');
  await at.pair.startAgent('a1', { gateway: { proxy: 'env' } });
  const entry = await failed;
  assert.equal(entry['code'], 'PROXY_INVALID');
  assert.ok(!String(entry['detail']).includes('s3cret'));
  assert.equal(count(at.pair, 'agent-enrolled'), 0);
});

test('sessions of a proxy that dies are lost and opened again through it, and clients continue', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy();
  at.pair.environment['HTTPS_PROXY'] = at.proxy.url;
  await at.pair.startAgent('a1', { gateway: at.gateway });
  await at.pair.connected('a1');
  await using client = await TestClient.connect({ host: '127.0.0.1', port: at.pair.port('echo') });
  await client.echo('before');
  at.proxy.die();
  assert.equal(await client.echo('after', 15_000), 'after');
  await eventually('both sessions to end', () => count(at.pair, 'session-ended') === 2);
  await at.pair.connected('a1');
  await at.serves();
});

test('a proxy that dies during the handshake is tried again', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await startBehindProxy();
  at.pair.environment['HTTPS_PROXY'] = at.proxy.url;
  at.proxy.dieAfter(500);
  const failed = at.pair.event('enrollment-failed');
  await at.pair.startAgent('a1', { gateway: at.gateway });
  assert.match(String((await failed)['code']), /^GATEWAY_/);
  await at.pair.connected('a1');
});
