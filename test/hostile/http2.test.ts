import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CONNECT_PROTOCOL, limits, paths, streamPath } from '@penstock/wire';
import { TestAuthority } from '../rig/certificates.ts';
import { extendedConnect, type HeaderPairs, HostilePeer } from '../rig/hostile-peer.ts';
import { frameType, uint32Payload } from '../rig/http2-frame.ts';
import { survives } from './survival.ts';
import { LIMITS, startTarget, type Target } from './target.ts';
import { ELSEWHERE } from './thief.ts';

const CANCEL = 8;
const INITIAL_WINDOW_SIZE = 4;

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const request = (method: string, path: string): HeaderPairs => [
  [':method', method],
  [':scheme', 'https'],
  [':path', path],
  [':authority', 'localhost'],
];
const control = extendedConnect(paths.control, CONNECT_PROTOCOL);

/** Peers without an identity that have exchanged SETTINGS with the gateway. */
async function strangers(count: number): Promise<HostilePeer[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const peer = await HostilePeer.connect({ to: target.address, from: ELSEWHERE });
      await peer.greet();
      return peer;
    }),
  );
}

/** Runs the same attack concurrently from several unauthenticated peers. */
const all = (count: number, act: (peer: HostilePeer) => unknown) => async () => {
  const peers = await strangers(count);
  await Promise.all(peers.map(act));
  return peers;
};

test('too many and oversized headers on many streams are survived', async () => {
  const many: HeaderPairs = [
    ...request('POST', paths.enroll),
    ...Array.from({ length: 200 }, (_, index): [string, string] => [`x-${index}`, 'y']),
  ];
  const large: HeaderPairs = [
    ...request('POST', paths.enroll),
    ['x-large', 'y'.repeat(limits.headerListBytes)],
  ];
  await survives(
    target,
    all(4, (peer) => peer.flood(2_000, (i) => peer.headers(2 * i + 1, i % 2 ? many : large))),
  );
});

test('endless header blocks are survived', async () => {
  await survives(
    target,
    all(8, async (peer) => {
      peer.openHeaders(1, control);
      await peer.flood(50_000, (index) => peer.continuation(1, [[`x-${index}`, 'y'.repeat(100)]]));
    }),
  );
});

test('floods of SETTINGS and PING from peers that do not read are survived', async () => {
  await survives(
    target,
    all(8, async (peer) => {
      peer.stall();
      await peer.flood(200_000, (index) =>
        index % 2 === 0
          ? peer.settings([[INITIAL_WINDOW_SIZE, 65_535 - (index % 7)]])
          : peer.send(frameType.PING, 0, 0, Buffer.from('12345678')),
      );
    }),
  );
});

test('floods of SETTINGS and PING from peers that read are closed at the authentication timeout', async () => {
  await survives(
    target,
    all(2, (peer) => peer.flood(1e9, () => peer.send(frameType.PING, 0, 0, Buffer.from('12345678')))),
    { closedWithin: LIMITS.handshakeTimeout + 1_500 },
  );
});

test('SETTINGS with too many entries are survived', async () => {
  await survives(
    target,
    all(8, (peer) =>
      peer.flood(1_000, () => peer.settings(Array.from({ length: 1_000 }, (_, id) => [id + 100, 1]))),
    ),
  );
});

test('floods of small meaningless frames are survived', async () => {
  await survives(
    target,
    all(4, async (peer) => {
      peer.headers(1, request('POST', paths.enroll));
      await peer.flood(200_000, (index) => {
        if (index % 3 === 0) peer.data(1, Buffer.alloc(0));
        else if (index % 3 === 1)
          peer.send(frameType.PRIORITY, 0, 3 + 2 * (index % 1000), Buffer.alloc(5, 1));
        else peer.send(frameType.WINDOW_UPDATE, 0, 1, uint32Payload(1));
      });
    }),
  );
});

test('rapid opens and resets of streams are survived', async () => {
  const routes = [
    request('POST', paths.enroll),
    control,
    request('CONNECT', '/'),
    request('GET', paths.health),
  ];
  await survives(
    target,
    all(8, (peer) =>
      peer.flood(50_000, (index) => {
        peer.headers(2 * index + 1, routes[index % routes.length] ?? control);
        peer.reset(2 * index + 1, CANCEL);
      }),
    ),
  );
  await survives(
    target,
    all(4, (peer) =>
      peer.flood(50_000, (index) => {
        // Without :protocol the gateway does not serve it, but it still is a request.
        peer.headers(2 * index + 1, [
          [':method', 'CONNECT'],
          [':authority', 'db.internal:5432'],
        ]);
      }),
    ),
  );
});

test('more concurrent streams than an unauthenticated peer may have are survived', async () => {
  await survives(
    target,
    all(4, (peer) => peer.flood(500, (index) => peer.headers(2 * index + 1, request('POST', paths.enroll)))),
  );
});

test('endless and oversized bodies are survived', async () => {
  await survives(
    target,
    all(8, async (peer) => {
      peer.headers(1, request('POST', paths.enroll));
      peer.data(1, Buffer.from('{"token": "'));
      peer.headers(3, request('POST', paths.enroll));
      for (let sent = 0; sent <= limits.enrollmentBodyBytes; sent += 8_192)
        peer.data(3, Buffer.alloc(8_192, 'x'));
      assert.equal(await peer.status(3), 413);
    }),
    { closedWithin: LIMITS.handshakeTimeout + 1_500 },
  );
});

test('a data stream without a control stream closes the connection', async () => {
  await survives(
    target,
    all(10, (peer) => peer.headers(1, extendedConnect(streamPath('1-1'), CONNECT_PROTOCOL))),
    { closedWithin: 500 },
  );
  assert.ok(
    target.logged('peer-misbehaved').some(({ detail }) => /without a control stream/.test(String(detail))),
  );
});

test('requests for unknown paths are answered, and counted', async () => {
  await survives(target, async () => {
    const peers = await strangers(1);
    for (const peer of peers) {
      peer.headers(1, request('GET', paths.health), { endStream: true });
      assert.equal(await peer.status(1), 200);
      peer.headers(3, request('GET', '/etc/passwd'), { endStream: true });
      assert.equal(await peer.status(3), 404);
      peer.headers(5, request('POST', paths.enroll), { endStream: true });
      assert.equal(await peer.status(5), 400);
      peer.headers(7, control);
      assert.equal(await peer.status(7), 401);
      peer.headers(9, request('POST', paths.renew), { endStream: true });
      assert.equal(await peer.status(9), 401);
      for (let id = 11; id < 19; id += 2) peer.headers(id, request('GET', paths.health), { endStream: true });
    }
    return peers;
  });
});

test('a client certificate of another CA is refused', async () => {
  const authority = await TestAuthority.create('acme agents');
  const identity = await authority.issue({ commonName: 'honest', usage: 'client', names: ['honest'] });
  await survives(
    target,
    async () => {
      const peer = await HostilePeer.connect({ to: target.address, from: ELSEWHERE, identity });
      await peer.greet();
      peer.headers(1, control);
      assert.equal(await peer.status(1), 401);
      peer.headers(3, request('POST', paths.renew));
      assert.equal(await peer.status(3), 401);
      return [peer];
    },
    { closedWithin: LIMITS.handshakeTimeout + 500 },
  );
  const refused = target.logged('agent-refused').map(({ code }) => code);
  assert.ok(refused.includes('IDENTITY_UNKNOWN'));
});
