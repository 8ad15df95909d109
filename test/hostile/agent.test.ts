import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CONNECT_PROTOCOL, limits, PROTOCOL_VERSION, paths, streamPath } from '@penstock/wire';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { extendedConnect, type HeaderPairs, HostilePeer } from '../rig/hostile-peer.ts';
import { type Frame, frameFlag, frameType, uint32Payload } from '../rig/http2-frame.ts';
import { survives } from './survival.ts';
import { LIMITS, startTarget, type Target } from './target.ts';

const ELSEWHERE = '127.0.0.2';
const CANCEL = 8;
const CONTROL = 1;

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const line = (message: unknown) => Buffer.from(`${JSON.stringify(message)}\n`);
const hello = (changes: Readonly<Record<string, unknown>> = {}) => ({
  type: 'hello',
  protocol: PROTOCOL_VERSION,
  agent: { name: 'victim', version: '0.1.0' },
  bootId: 'stolen',
  platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
  config: { version: 1, digest: 'sha256:0' },
  connectors: [],
  session: { index: 0, wanted: 1 },
  ...changes,
});

/** A peer with a stolen identity, and its control stream open; it has not introduced itself. */
async function thief(): Promise<HostilePeer> {
  const peer = await HostilePeer.connect({ to: target.address, from: ELSEWHERE, identity: target.stolen });
  await peer.greet();
  // Room for whatever the gateway sends: it is the peer that must not be waited for.
  peer.send(frameType.WINDOW_UPDATE, 0, 0, uint32Payload(2 ** 30));
  peer.headers(CONTROL, extendedConnect(paths.control, CONNECT_PROTOCOL));
  assert.equal(await peer.status(CONTROL), 200);
  // An agent may have more streams than a stranger, from the moment it has acknowledged that.
  const own = (frame: Frame) => frame.type === frameType.SETTINGS && frame.payload.length > 0;
  await peer.frame('its own limits', (frame) => own(frame) && frame !== peer.frames.find(own));
  peer.send(frameType.SETTINGS, frameFlag.ACK, 0);
  return peer;
}

/** The same, welcomed as an agent. */
async function agent(index = 0): Promise<HostilePeer> {
  const peer = await thief();
  peer.data(CONTROL, line(hello({ session: { index, wanted: 4 } })));
  await peer.frame(
    'a welcome',
    ({ type, payload }) => type === frameType.DATA && payload.includes('"welcome"'),
  );
  return peer;
}

const lost = () => target.logged('session-lost').at(-1);

test('a control stream that never says hello ends', async () => {
  await survives(target, async () => [await thief(), await thief()], {
    closedWithin: LIMITS.handshakeTimeout + 1_000,
  });
});

test('a hello a byte at a time is over at its deadline', async () => {
  await survives(
    target,
    async () => {
      const peer = await thief();
      const drip = setInterval(() => peer.data(CONTROL, Buffer.from('{')), 20);
      void peer.closed.then(() => clearInterval(drip));
      return [peer];
    },
    { closedWithin: LIMITS.handshakeTimeout + 1_000 },
  );
});

const malformed: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['no JSON', Buffer.from('hello?\n')],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])],
  ['no object', Buffer.from('[1, 2, 3]\n')],
  ['no type', Buffer.from('{}\n')],
  ['nothing', Buffer.from('\n')],
  ['a hello with too little', line({ type: 'hello' })],
  [
    'a hello with too many connectors',
    line(hello({ connectors: Array(600).fill({ name: 'x', kind: 'tcp' }) })),
  ],
  ['deeply nested JSON', Buffer.from(`${'['.repeat(60_000)}\n`)],
  ['a heartbeat with a number that is none', line({ type: 'heartbeat', seq: -1, sentAt: 'now' })],
  ['a second hello', Buffer.concat([line(hello()), line(hello())])],
];

for (const [what, bytes] of malformed) {
  test(`a control message that is malformed ends the session: ${what}`, async () => {
    await survives(
      target,
      async () => {
        const peer = await thief();
        for (let at = 0; at < bytes.length; at += 16_000) peer.data(CONTROL, bytes.subarray(at, at + 16_000));
        return [peer];
      },
      { closedWithin: 500 },
    );
  });
}

test('a control message without an end is cut at the limit', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent();
      for (let sent = 0; sent <= limits.controlMessageBytes; sent += 16_000)
        peer.data(CONTROL, Buffer.alloc(16_000, 'x'));
      return [peer];
    },
    { closedWithin: 500 },
  );
  assert.equal(lost()?.['code'], 'PROTOCOL_ERROR');
});

test('messages of unknown types are ignored, in any number', async () => {
  await survives(target, async () => {
    const peer = await agent();
    await peer.flood(20_000, () => peer.data(CONTROL, line({ type: 'from-the-future', value: 1 })));
    peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
    return [peer];
  });
  assert.equal(target.logged('session-closed').at(-1)?.['agent'], 'victim');
});

test('a hello of another protocol version, or under another name, is refused with the reason', async () => {
  await survives(target, async () => {
    const peers = [await thief(), await thief()] as const;
    peers[0].data(CONTROL, line(hello({ protocol: 99 })));
    peers[1].data(CONTROL, line(hello({ agent: { name: 'honest', version: '0.1.0' } })));
    for (const [index, code] of ['VERSION_UNSUPPORTED', 'IDENTITY_UNKNOWN'].entries()) {
      await peers[index]?.frame(
        'a refusal',
        ({ type, payload }) => type === frameType.DATA && payload.includes(code),
      );
    }
    return peers;
  });
});

test('more sessions than one agent may have are refused, and the others stay', async () => {
  const peers = await Promise.all(Array.from({ length: 8 }, (_, index) => agent(index)));
  const ninth = await thief();
  ninth.data(CONTROL, line(hello({ session: { index: 8, wanted: 9 } })));
  await ninth.frame('a refusal', ({ payload }) => payload.includes('LIMIT_EXCEEDED'));
  assert.ok(peers.every(({ socket }) => !socket.destroyed));
  await deadline('its end', ninth.closed);
  for (const peer of [...peers, ninth]) await peer[Symbol.asyncDispose]();
  await target.serve();
  await eventually('all to be gone', async () => (await target.connections()) === 2);
});

test("a data stream with an id of somebody else's session ends the thief's, and nothing of the other's", async () => {
  const before = target.logged('session-opened').length;
  await survives(
    target,
    async () => {
      const thieves = await Promise.all(Array.from({ length: 6 }, (_, index) => agent(index)));
      // Ids are counted by session: these are the ones an honest session has used, or will.
      for (const [index, peer] of thieves.entries()) {
        peer.headers(3, extendedConnect(streamPath(`${(index + 1).toString(36)}-1`), CONNECT_PROTOCOL));
      }
      return thieves;
    },
    { closedWithin: 500 },
  );
  assert.equal(target.logged('session-opened').length, before + 6, 'no honest session had to be made again');
  assert.equal(lost()?.['code'], 'PROTOCOL_ERROR');
});

test('ids that are none end the session, or lead nowhere', async () => {
  await survives(target, async () => {
    const peers = await Promise.all(Array.from({ length: 4 }, (_, index) => agent(index)));
    const ids = ['x-999999999', '../control', 'a'.repeat(65), '%2e%2e'];
    for (const [index, peer] of peers.entries()) {
      peer.headers(3, extendedConnect(`${paths.streams}${ids[index]}`, CONNECT_PROTOCOL));
      if (index > 0) assert.equal(await peer.status(3), 404);
      peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
    }
    return peers;
  });
});

test('a second control stream is refused, and the first one goes on', async () => {
  await survives(target, async () => {
    const peer = await agent();
    peer.headers(3, extendedConnect(paths.control, CONNECT_PROTOCOL));
    assert.equal(await peer.status(3), 400);
    peer.data(CONTROL, line(heartbeat(1)));
    await peer.frame('an acknowledgment', ({ payload }) => payload.includes('heartbeat-ack'));
    peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
    return [peer];
  });
});

const heartbeat = (seq: number) => ({
  type: 'heartbeat',
  seq,
  sentAt: Date.now(),
  eventLoop: { p99Ms: 0, maxMs: 0 },
  streams: { open: 0, opening: 0 },
  identity: { notAfter: 0 },
  checks: [],
});

test('a control stream whose reader stalls is cut off before much waits for it', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent();
      peer.stall();
      await peer.flood(200_000, (index) => peer.data(CONTROL, line(heartbeat(index))));
      return [peer];
    },
    { closedWithin: 2 * LIMITS.pingTimeout + 1_500 },
  );
  assert.equal(lost()?.['code'], 'LIMIT_EXCEEDED');
});

test('a control stream without a window is cut off as well', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent();
      peer.settings([[4, 0]]);
      await peer.flood(200_000, (index) => peer.data(CONTROL, line(heartbeat(index))));
      return [peer];
    },
    { closedWithin: 2 * LIMITS.pingTimeout + 1_500 },
  );
  assert.equal(lost()?.['code'], 'LIMIT_EXCEEDED');
});

test('streams reset as fast as can be end an agent session too', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent();
      await peer.flood(100_000, (index) => {
        peer.headers(2 * index + 3, extendedConnect(paths.control, CONNECT_PROTOCOL));
        peer.reset(2 * index + 3, CANCEL);
      });
      return [peer];
    },
    { closedWithin: 3_000 },
  );
});

test('bodies that are too large are answered one by one, and kept nowhere', async () => {
  const enroll: HeaderPairs = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', paths.enroll],
    [':authority', 'localhost'],
  ];
  const STREAMS = 500;
  await survives(
    target,
    async () => {
      const peer = await agent();
      for (let count = 0; count < STREAMS; count += 1) peer.headers(3 + 2 * count, enroll);
      // Within the window of a stream, so that it is the gateway's own limit that counts.
      await peer.flood(3 * STREAMS, (index) =>
        peer.data(3 + 2 * (index % STREAMS), Buffer.alloc(16_000, 'x')),
      );
      for (let count = 0; count < STREAMS; count += 100) assert.equal(await peer.status(3 + 2 * count), 413);
      peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
      return [peer];
    },
    { closedWithin: 3_000 },
  );
});

test('an agent that answers no PING is given up', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent();
      peer.stall();
      return [peer];
    },
    { closedWithin: 600 + 2 * LIMITS.pingTimeout + 500 },
  );
  assert.equal(lost()?.['code'], 'SESSION_LOST');
});
