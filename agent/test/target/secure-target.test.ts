import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { Connector } from '@penstock/config-schema';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { deadline } from '../../../test/rig/deadline.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { type DialedTarget, dialTarget } from '../../src/target/dial-target.ts';
import { secureTarget } from '../../src/target/secure-target.ts';

const authority = await TestAuthority.create('CA');
const { chain: cert, key } = await authority.issue({ commonName: 'target' });
const expired = await authority.issue({ commonName: 'old', notAfter: new Date(Date.now() - 60_000) });

/** A server that calls `client` for each connection. */
async function serve(client: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    client(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const speakTls = (pair: { cert: string; key: string }) => (socket: Socket) =>
  new TLSSocket(socket, { isServer: true, ...pair })
    .on('error', () => {})
    .on('data', function (this: TLSSocket, bytes) {
      this.write(bytes);
    });

const tls = (more: Partial<NonNullable<Connector['tls']>> = {}): NonNullable<Connector['tls']> => ({
  mode: 'verify-full',
  ca: authority.certificate,
  serverName: undefined,
  certificate: undefined,
  key: undefined,
  ...more,
});

async function secure(
  port: number,
  connector: Pick<Connector, 'kind' | 'tls'>,
  signal = new AbortController().signal,
): Promise<DialedTarget> {
  const dialed = await dialTarget('127.0.0.1', [{ address: '127.0.0.1', family: 4 }], port, signal);
  dialed.socket.on('error', () => {});
  return secureTarget(dialed, { name: 'db', address: { host: '127.0.0.1', port }, ...connector }, signal);
}

const failsWith = (code: CloseCode, message: RegExp) => (error: unknown) =>
  error instanceof TunnelError && error.code === code && message.test(error.message);

test('a target that expects TLS from the first byte is reached over TLS', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await serve(speakTls({ cert, key }));
  const { socket, reader, transport } = await secure(server.port, { kind: 'redis', tls: tls() });
  assert.equal(reader, undefined);
  socket.write('PING');
  assert.equal(String((await deadline('the echo', once(socket, 'data')))[0]), 'PING');
  transport?.reset();
  await deadline('the end', once(socket, 'close'));
});

test('each failure of a target is reported in a sentence', async () => {
  await using _leaks = expectNoLeaks();
  const cases: readonly (readonly [
    client: (socket: Socket) => void,
    connector: Pick<Connector, 'kind' | 'tls'>,
    message: RegExp,
  ])[] = [
    [speakTls({ cert, key }), { kind: 'redis', tls: undefined }, /db has no tls in agent\.yaml/],
    [
      speakTls({ cert, key }),
      { kind: 'redis', tls: tls({ ca: undefined }) },
      /not issued by a CA that this connector trusts/,
    ],
    [
      speakTls({ cert: expired.chain, key: expired.key }),
      { kind: 'redis', tls: tls() },
      /certificate has expired/,
    ],
    [speakTls({ cert, key }), { kind: 'redis', tls: tls({ serverName: 'other.example' }) }, /other\.example/],
    [
      (socket) => socket.write('-ERR what?\r\n'),
      { kind: 'redis', tls: tls() },
      /does not speak TLS on this port/,
    ],
    [
      (socket) => socket.end(),
      { kind: 'redis', tls: tls() },
      /closed the connection during the TLS handshake|reset/,
    ],
    [(socket) => socket.end('N'), { kind: 'postgresql', tls: tls() }, /does not support TLS\. Enable ssl/],
    [(socket) => socket.end('E'), { kind: 'postgresql', tls: tls() }, /not a PostgreSQL server/],
    [(socket) => socket.end('SS'), { kind: 'postgresql', tls: tls() }, /not a PostgreSQL server/],
    [
      (socket) => socket.end(),
      { kind: 'postgresql', tls: tls() },
      /closed the connection when it was asked for TLS/,
    ],
  ];
  for (const [client, connector, message] of cases) {
    await using server = await serve(client);
    await assert.rejects(secure(server.port, connector), failsWith('TLS_FAILED', message), String(message));
  }
  assert.equal(cases.length, 10);
});

test('a PostgreSQL server without TLS is reached in plaintext where TLS is preferred', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await serve((socket) => socket.once('data', () => socket.write('N')));
  const { socket, reader, transport } = await secure(server.port, {
    kind: 'postgresql',
    tls: tls({ mode: 'prefer', ca: undefined }),
  });
  assert.ok(reader !== undefined && transport === undefined);
  socket.destroy();
  await once(socket, 'close');
});

test('an abort ends a handshake that never completes and a request for TLS without an answer', async () => {
  await using _leaks = expectNoLeaks();
  for (const kind of ['redis', 'postgresql'] as const) {
    const asked = Promise.withResolvers<void>();
    await using server = await serve((socket) => socket.once('data', () => asked.resolve()));
    const cancel = new AbortController();
    const securing = secure(server.port, { kind, tls: tls() }, cancel.signal);
    const outcome = assert.rejects(securing, failsWith('DIAL_TIMEOUT', /too late/));
    await deadline('the first bytes', asked.promise);
    cancel.abort(new TunnelError('DIAL_TIMEOUT', 'too late'));
    await deadline('the end', outcome);
  }
});
