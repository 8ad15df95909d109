import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CONNECT_PROTOCOL, limits, paths } from '@penstock/wire';
import { extendedConnect } from '../rig/hostile-peer.ts';
import { frameType } from '../rig/http2-frame.ts';
import { survives } from './survival.ts';
import { LIMITS, startTarget, type Target } from './target.ts';
import { agent, CONTROL, heartbeat, hello, line, thief } from './thief.ts';

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const lost = () => target.logged('session-lost').at(-1);

test('a control stream without hello is closed', async () => {
  await survives(target, async () => [await thief(target), await thief(target)], {
    closedWithin: LIMITS.handshakeTimeout + 1_000,
  });
});

test('a hello sent byte by byte is closed at its deadline', async () => {
  await survives(
    target,
    async () => {
      const peer = await thief(target);
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
  ['a heartbeat with an invalid number', line({ type: 'heartbeat', seq: -1, sentAt: 'now' })],
  ['a second hello', Buffer.concat([line(hello()), line(hello())])],
];

for (const [what, bytes] of malformed) {
  test(`a malformed control message closes the session: ${what}`, async () => {
    await survives(
      target,
      async () => {
        const peer = await thief(target);
        for (let at = 0; at < bytes.length; at += 16_000) peer.data(CONTROL, bytes.subarray(at, at + 16_000));
        return [peer];
      },
      { closedWithin: 500 },
    );
  });
}

test('an endless control message is cut off at the limit', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent(target);
      for (let sent = 0; sent <= limits.controlMessageBytes; sent += 16_000)
        peer.data(CONTROL, Buffer.alloc(16_000, 'x'));
      return [peer];
    },
    { closedWithin: 500 },
  );
  assert.equal(lost()?.['code'], 'PROTOCOL_ERROR');
});

test('any number of messages of unknown types is ignored', async () => {
  await survives(target, async () => {
    const peer = await agent(target);
    await peer.flood(20_000, () => peer.data(CONTROL, line({ type: 'from-the-future', value: 1 })));
    peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
    return [peer];
  });
  assert.equal(target.logged('session-closed').at(-1)?.['agent'], 'victim');
});

test('a hello with another protocol version or another name is refused with the reason', async () => {
  await survives(target, async () => {
    const peers = [await thief(target), await thief(target)] as const;
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

test('a second control stream is refused, and the first one stays open', async () => {
  await survives(target, async () => {
    const peer = await agent(target);
    peer.headers(3, extendedConnect(paths.control, CONNECT_PROTOCOL));
    assert.equal(await peer.status(3), 400);
    peer.data(CONTROL, line(heartbeat(1)));
    await peer.frame('an acknowledgment', ({ payload }) => payload.includes('heartbeat-ack'));
    peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
    return [peer];
  });
});

test('a control stream with a stalled reader is closed before much is buffered', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent(target);
      peer.stall();
      await peer.flood(200_000, (index) => peer.data(CONTROL, line(heartbeat(index))));
      return [peer];
    },
    { closedWithin: 2 * LIMITS.pingTimeout + 1_500 },
  );
  assert.equal(lost()?.['code'], 'LIMIT_EXCEEDED');
});

test('a control stream without a window is closed as well', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent(target);
      peer.settings([[4, 0]]);
      await peer.flood(200_000, (index) => peer.data(CONTROL, line(heartbeat(index))));
      return [peer];
    },
    { closedWithin: 2 * LIMITS.pingTimeout + 1_500 },
  );
  assert.equal(lost()?.['code'], 'LIMIT_EXCEEDED');
});

test('an agent that never stops sending is disconnected', async () => {
  await survives(target, async () => {
    const peer = await thief(target);
    peer.data(CONTROL, line(hello()));
    const flood = Buffer.concat(Array.from({ length: 20 }, (_, seq) => line(heartbeat(seq))));
    for (let sent = 0; sent < 30; sent += 1) peer.data(CONTROL, flood);
    return [peer];
  });
  assert.equal(lost()?.['code'], 'LIMIT_EXCEEDED');
});
