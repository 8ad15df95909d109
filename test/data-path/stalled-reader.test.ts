import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { memoryInUse } from '../rig/memory-in-use.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { startEcho, startHanging, startSource } from '../rig/targets.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

const MB = 1_000_000;

/** Waits until a number stops growing, and returns it. */
async function settled(what: string, read: () => number): Promise<number> {
  let last = -1;
  let unchanged = 0;
  await eventually(
    what,
    () => {
      const now = read();
      unchanged = now === last ? unchanged + 1 : 0;
      last = now;
      return unchanged === 20;
    },
    { within: 60_000 },
  );
  return last;
}

/** Transfers `bytes` through each of `count` concurrent connections and verifies them. */
async function expectFlow(pair: Pair, connection: string, count: number, bytes: number): Promise<void> {
  const sha256 = pseudorandomHash(bytes, 3);
  await Promise.all(
    Array.from({ length: count }, async () => {
      await using client = await clientOf(pair, connection);
      assert.deepEqual(await client.receive(60_000), { bytes, sha256, ended: 'fin' });
    }),
  );
}

test('a client that does not read stalls only its own target, and loses nothing', async () => {
  await using _leaks = expectNoLeaks();
  let source: Socket | undefined;
  await using big = await LoopbackServer.start((socket) => {
    source = socket;
    pseudorandomStream(200 * MB, 1).pipe(socket.resume());
  });
  await using other = await startSource(10 * MB, 3);
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { big: big.address.port, other: other.address.port, echo: echo.address.port },
    // The stalled connection shares this one session with all others.
    agents: { a1: 'dc1' },
    agent: { gateway: { sessions: 1 } },
  });
  await using stalled = await clientOf(pair, 'big');
  const taken = await settled('the target to stall', () => source?.bytesWritten ?? -1);
  assert.ok(taken < 40 * MB, `${taken} bytes were taken from a target whose client reads nothing.`);
  await using talking = await clientOf(pair, 'echo');
  for (let time = 0; time < 100; time += 1) assert.equal(await talking.echo('ping'), 'ping');
  await expectFlow(pair, 'other', 8, 10 * MB);
  assert.deepEqual(await stalled.receive(30_000), {
    bytes: 200 * MB,
    sha256: pseudorandomHash(200 * MB, 1),
    ended: 'fin',
  });
  talking.reset();
  stalled.finish();
  await expectIdle(pair);
});

test('a target that does not read stalls only its own client', async () => {
  await using _leaks = expectNoLeaks();
  await using hanging = await startHanging();
  await using other = await startSource(10 * MB, 3);
  await using pair = await startPair({
    targets: { stuck: hanging.address.port, other: other.address.port },
    agents: { a1: 'dc1' },
    agent: { gateway: { sessions: 1 } },
  });
  await using client = await clientOf(pair, 'stuck');
  pseudorandomStream(200 * MB, 2).pipe(client.socket);
  const taken = await settled('the client to stall', () => client.socket.bytesWritten);
  assert.ok(taken < 40 * MB, `${taken} bytes were taken from a client whose target reads nothing.`);
  await expectFlow(pair, 'other', 8, 10 * MB);
  client.reset();
});

test('a hundred clients that do not read use a bounded amount of memory', async () => {
  await using _leaks = expectNoLeaks();
  let sent = 0;
  await using target = await LoopbackServer.start((socket) => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    const send = () => {
      while (sent < 2_000 * MB) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('drain', send);
    send();
  });
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: { a1: 'dc1' },
    // A window of a mebibyte for each: on a busy machine the round trip is long, which would allow more.
    gateway: { tunnel: { memoryBudget: '128MiB' } },
  });
  const before = memoryInUse();
  const clients = await Promise.all(Array.from({ length: 100 }, () => clientOf(pair, 'db')));
  for (const client of clients) client.socket.pause();
  await settled('all targets to stall', () => sent);
  // Of each, a window, 512 KiB buffered at either end, and 1 MiB that the agent keeps until the client has it; and what connections share of
  // that for a long round trip, 128 MiB.
  const grown = memoryInUse() - before;
  assert.ok(grown < 500 * MB, `${grown} bytes more are in use.`);
  for (const client of clients) client.reset();
  await expectIdle(pair);
  for (const client of clients) await client[Symbol.asyncDispose]();
});
