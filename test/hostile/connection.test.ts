import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { HostilePeer } from '../rig/hostile-peer.ts';
import { CONNECTION_PREFACE } from '../rig/http2-frame.ts';
import { type Attacker, survives } from './survival.ts';
import { LIMITS, startTarget, type Target } from './target.ts';
import { ELSEWHERE } from './thief.ts';

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, i) => make(i));

/** A plaintext TCP connection to the tunnel port that sends `bytes` and reads everything. */
async function plain(bytes: Buffer | string = ''): Promise<Attacker & { readonly client: TestClient }> {
  const client = await TestClient.connect({ ...target.address, localAddress: ELSEWHERE });
  if (bytes.length > 0) client.send(bytes);
  client.socket.resume();
  const closed = new Promise<void>((resolve) => client.socket.once('close', () => resolve()));
  // The client allows half-open connections, so only a close by the gateway closes it.
  client.socket.once('end', () => client.socket.end());
  return { client, closed, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

const peers = (count: number, options: { alpn?: readonly string[] } = {}) =>
  Promise.all(times(count, () => HostilePeer.connect({ to: target.address, from: ELSEWHERE, ...options })));

test('garbage and plaintext HTTP instead of TLS are rejected', async () => {
  await survives(target, () =>
    Promise.all([
      ...times(10, () => plain('\u0000\u0001 this is no TLS at all\r\n')),
      ...times(10, () => plain('GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n')),
      ...times(10, () => plain(CONNECTION_PREFACE)),
    ]),
  );
});

test('silent connections and incomplete handshakes time out', async () => {
  const hello = Buffer.from('160301020001000103', 'hex');
  await survives(target, async () => [
    ...(await Promise.all(times(20, () => plain()))),
    ...(await Promise.all(times(20, () => plain(hello)))),
  ]);
});

test('a handshake sent byte by byte is closed at its deadline', async () => {
  await survives(
    target,
    async () => {
      const slow = await Promise.all(times(5, () => plain(Buffer.from('1603010200', 'hex'))));
      const drips = slow.map(({ client }) => setInterval(() => client.send('\u0000'), 50));
      for (const [index, { closed }] of slow.entries()) void closed.then(() => clearInterval(drips[index]));
      return slow;
    },
    { closedWithin: LIMITS.handshakeTimeout + 1_000 },
  );
});

test('TLS 1.2 and ALPN protocols other than h2 fail the handshake', async () => {
  const rejects = async (options: { maxVersion?: 'TLSv1.2'; ALPNProtocols?: string[] }) => {
    const socket = connectTls({ ...target.address, rejectUnauthorized: false, ...options });
    socket.on('error', () => {});
    const connected = new Promise<string>((resolve) => {
      socket.once('secureConnect', () => resolve('connected')).once('close', () => resolve('refused'));
    });
    assert.equal(await deadline('a response', connected), 'refused');
    socket.destroy();
  };
  await rejects({ maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] });
  await rejects({ ALPNProtocols: ['http/1.1'] });
  await target.serve();
});

test('a connection without ALPN is closed immediately', async () => {
  await survives(target, () => peers(10, { alpn: [] }), { closedWithin: 500 });
});

test('silence after TLS, silence after the preface, and an invalid preface are rejected', async () => {
  await survives(
    target,
    async () => {
      const silent = await peers(10);
      const greeted = await peers(10);
      for (const peer of greeted) await peer.greet();
      const garbled = await peers(10);
      for (const peer of garbled) peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10));
      return [...silent, ...greeted, ...garbled];
    },
    { closedWithin: LIMITS.handshakeTimeout + 1_000 },
  );
});

test('a peer that half-closes its connection is closed', async () => {
  await survives(
    target,
    async () => {
      const ended = await peers(10);
      for (const peer of ended) {
        await peer.greet();
        peer.socket.end();
      }
      return ended;
    },
    { closedWithin: LIMITS.handshakeTimeout + 1_000 },
  );
});

test('connections beyond the limit of an address are closed immediately, and other addresses are not affected', async () => {
  await survives(
    target,
    async () => {
      const crowd = await Promise.all(times(LIMITS.sessionsPerAddress + 100, () => plain()));
      let closed = 0;
      for (const each of crowd) void each.closed.then(() => (closed += 1));
      await deadline(
        'those beyond the limit to be closed',
        Promise.race(crowd.slice(-1).map((each) => each.closed)),
      );
      assert.ok((await target.connections()) <= LIMITS.sessionsPerAddress + 2);
      assert.ok(closed <= 110, 'those within the limit may stay open until their deadline');
      return crowd;
    },
    { closedWithin: LIMITS.handshakeTimeout + 1_500 },
  );
});

test('hundreds of short connections leave nothing behind', async () => {
  await survives(target, async () => {
    for (let round = 0; round < 10; round += 1) {
      const crowd = await Promise.all(times(50, () => plain('x')));
      for (const { client } of crowd) client.reset();
    }
    return [];
  });
});
