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

test("sessions beyond an agent's limit are refused, and the others stay open", async () => {
  const peers = await Promise.all(Array.from({ length: 32 }, (_, index) => agent(target, index)));
  const further = await thief(target);
  further.data(CONTROL, line(hello({ session: { index: 32, wanted: 33 } })));
  await further.frame('a refusal', ({ payload }) => payload.includes('LIMIT_EXCEEDED'));
  assert.ok(peers.every(({ socket }) => !socket.destroyed));
  await deadline('the further session to be closed', further.closed);
  for (const peer of [...peers, further]) await peer[Symbol.asyncDispose]();
  await target.serve();
  await eventually('all of them to be closed', async () => (await target.connections()) === 2);
});

test('a data stream with an ID of another session closes only the session that sent it', async () => {
  const before = target.logged('session-opened').length;
  await survives(
    target,
    async () => {
      const thieves = await Promise.all(Array.from({ length: 6 }, (_, index) => agent(target, index)));
      // IDs are counted per session. These have been used by an honest session, or will be.
      for (const [index, peer] of thieves.entries()) {
        peer.headers(3, extendedConnect(streamPath(`${(index + 1).toString(36)}-1`), CONNECT_PROTOCOL));
      }
      return thieves;
    },
    { closedWithin: 500 },
  );
  assert.equal(target.logged('session-opened').length, before + 6, 'no honest session had to reconnect');
  assert.equal(lost()?.['code'], 'PROTOCOL_ERROR');
});

test('invalid IDs close the session or are ignored', async () => {
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

test("rapid resets of streams close an agent's session too", async () => {
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

test('oversized bodies are answered one by one and not buffered', async () => {
  const enroll: HeaderPairs = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', paths.enroll],
    [':authority', 'localhost'],
  ];
  // Together with the control stream, as many streams as an agent may have. One more would close its session.
  const STREAMS = 31;
  await survives(
    target,
    async () => {
      const peer = await agent(target);
      for (let count = 0; count < STREAMS; count += 1) peer.headers(3 + 2 * count, enroll);
      // Less than the window of a stream, so the gateway's own limit applies.
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

test('an agent that does not answer PING is disconnected', async () => {
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
