import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CONNECT_PROTOCOL, paths, streamPath } from '@penstock/wire';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { extendedConnect, type HeaderPairs } from '../rig/hostile-peer.ts';
import { survives } from './survival.ts';
import { LIMITS, startTarget, type Target } from './target.ts';
import { agent, CONTROL, hello, line, thief } from './thief.ts';

const CANCEL = 8;

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target[Symbol.asyncDispose]());

const lost = () => target.logged('session-lost').at(-1);

test('more sessions than one agent may have are refused, and the others stay', async () => {
  const peers = await Promise.all(Array.from({ length: 8 }, (_, index) => agent(target, index)));
  const ninth = await thief(target);
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
      const thieves = await Promise.all(Array.from({ length: 6 }, (_, index) => agent(target, index)));
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
    const peers = await Promise.all(Array.from({ length: 4 }, (_, index) => agent(target, index)));
    const ids = ['x-999999999', '../control', 'a'.repeat(65), '%2e%2e'];
    for (const [index, peer] of peers.entries()) {
      peer.headers(3, extendedConnect(`${paths.streams}${ids[index]}`, CONNECT_PROTOCOL));
      if (index > 0) assert.equal(await peer.status(3), 404);
      peer.data(CONTROL, line({ type: 'goodbye', reason: 'test' }), { endStream: true });
    }
    return peers;
  });
});

test('streams reset as fast as can be end an agent session too', async () => {
  await survives(
    target,
    async () => {
      const peer = await agent(target);
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
  // With the control stream as many as an agent may have under way; beyond that its session ends.
  const STREAMS = 31;
  await survives(
    target,
    async () => {
      const peer = await agent(target);
      for (let count = 0; count < STREAMS; count += 1) peer.headers(3 + 2 * count, enroll);
      // Within the window of a stream, so that it is the gateway's own limit that counts.
      await peer.flood(3 * STREAMS, (index) =>
        peer.data(3 + 2 * (index % STREAMS), Buffer.alloc(16_000, 'x')),
      );
      for (let count = 0; count < STREAMS; count += 1) assert.equal(await peer.status(3 + 2 * count), 413);
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
      const peer = await agent(target);
      peer.stall();
      return [peer];
    },
    { closedWithin: 600 + 2 * LIMITS.pingTimeout + 500 },
  );
  assert.equal(lost()?.['code'], 'SESSION_LOST');
});
