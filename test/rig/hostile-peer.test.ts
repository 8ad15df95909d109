import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import type { HostPort } from '@penstock/config-schema';
import { TestAuthority } from './certificates.ts';
import { deadline } from './deadline.ts';
import { extendedConnect, HostilePeer } from './hostile-peer.ts';
import { frameFlag, frameType } from './http2-frame.ts';
import { expectNoLeaks } from './leaks.ts';
import { TlsInspector } from './tls-inspector.ts';

async function startServer(
  status: number,
): Promise<{ server: Http2SecureServer; address: HostPort; authority: TestAuthority } & AsyncDisposable> {
  const authority = await TestAuthority.create('Server CA');
  const leaf = await authority.issue({ commonName: 'server' });
  const server = createSecureServer({
    cert: leaf.chain,
    key: leaf.key,
    requestCert: true,
    rejectUnauthorized: false,
    settings: { enableConnectProtocol: true },
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    stream.respond({ ':status': status });
    stream.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return {
    server,
    address: { host: '127.0.0.1', port: bound.port },
    authority,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

for (const status of [200, 403, 429, 503, 567, 418]) {
  test(`a hostile peer that follows the protocol receives status ${status}`, async () => {
    await using _leaks = expectNoLeaks();
    await using server = await startServer(status);
    const identity = await server.authority.issue({ commonName: 'agent', usage: 'client' });
    await using peer = await HostilePeer.connect({ to: server.address, identity });
    await peer.greet();
    peer.headers(1, extendedConnect('/v1/control', 'penstock'), { endStream: true });
    assert.equal(await peer.status(1), status);
    assert.equal(peer.socket.getCipher().version, 'TLSv1.3');
  });
}

test('garbage, floods, and misplaced CONTINUATION frames end the connection', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await startServer(200);
  await using garbage = await HostilePeer.connect({ to: server.address });
  await garbage.trickle(Buffer.from('GET / HTTP/1.1\r\n\r\nthis is not a preface'));
  await deadline('the end of garbage', garbage.closed);

  await using lone = await HostilePeer.connect({ to: server.address });
  await lone.greet();
  lone.continuation(1, [['x', 'y']]);
  await lone.frame('GOAWAY', ({ type }) => type === frameType.GOAWAY);
  await deadline('the end of a lone CONTINUATION', lone.closed);

  await using flood = await HostilePeer.connect({ to: server.address });
  await flood.greet();
  flood.openHeaders(1, extendedConnect('/', 'penstock'));
  for (let count = 0; count < 2000; count += 1) flood.continuation(1, [['x-flood', 'y'.repeat(100)]]);
  await deadline('the end of a CONTINUATION flood', flood.closed);
});

test('frames are split as they were sent', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await startServer(200);
  await using peer = await HostilePeer.connect({ to: server.address });
  await peer.greet();
  peer.send(frameType.PING, 0, 0, Buffer.from('12345678'));
  const pong = await peer.frame(
    'the answer to PING',
    ({ type, flags }) => type === frameType.PING && flags === frameFlag.ACK,
  );
  assert.equal(String(pong.payload), '12345678');
});

test('a TLS inspector presents its own certificate and forwards the bytes', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await startServer(204);
  await using inspector = await TlsInspector.start({ to: server.address, issuer: 'Corporate CA' });
  await using peer = await HostilePeer.connect({ to: inspector.address });
  assert.equal(peer.socket.getPeerCertificate().issuer.CN, 'Corporate CA');
  await peer.greet();
  peer.headers(
    1,
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/'],
      [':authority', 'x'],
    ],
    { endStream: true },
  );
  assert.equal(await peer.status(1), 204);
  assert.equal(inspector.inspected, 1);
  assert.ok(inspector.bytesSeen > 24);
});
