import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { Secret } from '@penstock/config-schema';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { FakeHttpProxy } from '../../../test/rig/http-proxy.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { LoopbackServer } from '../../../test/rig/loopback-server.ts';
import { startHanging } from '../../../test/rig/targets.ts';
import { dialGateway, type GatewayTarget } from '../../src/tunnel/dial-gateway.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import { startTlsGateway } from './tls-gateway.ts';

const authority = await TestAuthority.create('Company CA');
const leaf = await authority.issue({ commonName: 'gateway' });

function target(port: number, proxy?: string): GatewayTarget {
  return {
    url: `https://127.0.0.1:${port}`,
    address: { host: '127.0.0.1', port },
    pins: [leaf.pin],
    trust: 'pins',
    proxy: proxy === undefined ? 'none' : new Secret(proxy),
  };
}

const options = (extra: { timeout?: number; signal?: AbortSignal } = {}) => ({
  identity: undefined,
  environment: {},
  signal: new AbortController().signal,
  ...extra,
});

test('a dial of a silent gateway times out', async () => {
  await using _leaks = expectNoLeaks();
  await using silent = await startHanging();
  await assert.rejects(dialGateway(target(silent.address.port), options({ timeout: 200 })), {
    code: 'GATEWAY_TIMEOUT',
    message: new RegExp(`127.0.0.1:${silent.address.port} within 0.2 s`),
  });
});

test('a dial through a silent proxy times out and names the proxy', async () => {
  await using _leaks = expectNoLeaks();
  await using silent = await startHanging();
  const proxy = `http://127.0.0.1:${silent.address.port}`;
  await assert.rejects(dialGateway(target(9, proxy), options({ timeout: 200 })), {
    code: 'GATEWAY_TIMEOUT',
    message: new RegExp(`the proxy 127.0.0.1:${silent.address.port} within 0.2 s`),
  });
});

test('a silent gateway behind a proxy is distinguished from a silent proxy', async () => {
  await using _leaks = expectNoLeaks();
  await using silent = await startHanging();
  await using proxy = await FakeHttpProxy.start();
  await assert.rejects(dialGateway(target(silent.address.port, proxy.url), options({ timeout: 300 })), {
    code: 'GATEWAY_TIMEOUT',
    message: new RegExp(`from 127.0.0.1:${silent.address.port} \\(through the proxy`),
  });
});

for (const route of ['directly', 'through a proxy'] as const) {
  test(`a dial that is aborted ${route} leaves nothing behind`, async () => {
    await using _leaks = expectNoLeaks();
    await using silent = await startHanging();
    const { port } = silent.address;
    const giveUp = new AbortController();
    const dialed = dialGateway(
      route === 'directly' ? target(port) : target(9, `http://127.0.0.1:${port}`),
      options({ signal: giveUp.signal }),
    );
    setImmediate(() => giveUp.abort(new Error('no longer wanted')));
    await assert.rejects(dialed, /no longer wanted/);
  });
}

test('a proxy that speaks TLS must be trusted by this host', async () => {
  await using _leaks = expectNoLeaks();
  await using proxy = await startTlsGateway({ cert: leaf.chain, key: leaf.key, ALPNProtocols: ['http/1.1'] });
  await assert.rejects(
    dialGateway(target(9, `https://user:pass@127.0.0.1:${proxy.address.port}`), options()),
    {
      code: 'PROXY_UNREACHABLE',
    },
  );
  assert.equal(proxy.bytes, 0, 'no credentials are sent to an untrusted proxy');
});

test('a trusted proxy that speaks TLS carries TLS within TLS, and the pin of the gateway is checked', async (context) => {
  await using _leaks = expectNoLeaks();
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, authority.certificate]);
  context.after(() => setDefaultCACertificates(before));
  await using gateway = await startTlsGateway({ cert: leaf.chain, key: leaf.key });
  await using proxy = await FakeHttpProxy.start({ credentials: { username: 'user', password: 'pass' } });
  const ahead = (socket: TLSSocket) => {
    const upstream = connect(proxy.address);
    socket
      .pipe(upstream)
      .on('error', () => {})
      .pipe(socket);
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
  };
  await using front = await startTlsGateway(
    { cert: leaf.chain, key: leaf.key, ALPNProtocols: ['http/1.1'] },
    ahead,
  );
  const url = `https://user:pass@127.0.0.1:${front.address.port}`;
  const socket = await dialGateway(target(gateway.address.port, url), options());
  socket.end('hello');
  await eventually('the bytes to arrive', () => gateway.bytes === 5);
  socket.destroy();
  const unpinned = { ...target(gateway.address.port, url), pins: [`sha256/${'A'.repeat(43)}=`] };
  await assert.rejects(dialGateway(unpinned, options()), { code: 'GATEWAY_PIN_MISMATCH' });
});

for (const [what, answer] of [
  ['garbage', 'what?\r\n\r\n'],
  ['half an answer', 'HTTP/1.1 200'],
  ['endless headers', `HTTP/1.1 200 OK\r\n${'x-flood: yes\r\n'.repeat(20_000)}`],
] as const) {
  test(`a proxy that answers ${what} is unreachable`, async () => {
    await using _leaks = expectNoLeaks();
    await using odd = await LoopbackServer.start((socket) => {
      socket.once('data', () => socket.end(answer));
    });
    await assert.rejects(dialGateway(target(9, `http://127.0.0.1:${odd.address.port}`), options()), {
      code: 'PROXY_UNREACHABLE',
    });
  });
}

test('a gateway that is not listening is reported with address and reason', async () => {
  await using _leaks = expectNoLeaks();
  await assert.rejects(dialGateway(target(9), options()), {
    code: 'GATEWAY_UNREACHABLE',
    message: /ECONNREFUSED 127\.0\.0\.1:9/,
  });
});

test('a port that speaks plain HTTP, like the admin port, is reported as such', async () => {
  await using _leaks = expectNoLeaks();
  const admin = createServer();
  await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
  const { port } = admin.address() as AddressInfo;
  try {
    await assert.rejects(dialGateway(target(port), options()), (error: unknown) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.code, 'GATEWAY_TLS_FAILED');
      assert.match(
        error.message,
        /does not speak TLS\. Check that gateway\.url names the tunnel port, not the admin port\.$/,
      );
      assert.ok(error.cause instanceof Error);
      return true;
    });
  } finally {
    admin.closeAllConnections();
    await new Promise((resolve) => admin.close(resolve));
  }
});
