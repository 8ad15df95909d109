import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { CONNECTION_WINDOW, resetSocket } from '@penstock/transport';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

const WHOLE = 30_000_000;
/** All streams share one session. */
const ONE_SESSION = { agents: { a1: 'dc1' }, agent: { gateway: { sessions: 1 } } };

/** Waits until a writer stalls because its reader does not read. */
async function stopped(writer: () => Socket | undefined): Promise<void> {
  let last = -1;
  let unchanged = 0;
  await eventually('the writer to stall', () => {
    const now = writer()?.bytesWritten ?? -1;
    unchanged = now === last && now > 0 ? unchanged + 1 : 0;
    last = now;
    return unchanged === 3;
  });
}

/** Resets one end. Returns the bytes that one end sent into the tunnel and the other did not receive. */
async function cut(pair: Pair, reset: () => void, from: 'target' | 'client'): Promise<number> {
  const closed = pair.event('connection-closed');
  const ended = pair.event('stream-ended');
  reset();
  const [atGateway, atAgent] = await Promise.all([closed, ended]);
  return from === 'target'
    ? Number(atAgent['bytesFromSocket']) - Number(atGateway['bytesToClient'])
    : Number(atGateway['bytesFromClient']) - Number(atAgent['bytesToSocket']);
}

// Bytes in flight when a stream is reset still count against the session's window, and must be returned to it.
test("responses that are reset in flight do not use up the session's window", async () => {
  await using _leaks = expectNoLeaks();
  let writer: Socket | undefined;
  await using source = await LoopbackServer.start((socket) => {
    writer = socket;
    pseudorandomStream(WHOLE, 1).pipe(socket.resume());
  });
  await using pair = await startPair({ targets: { db: source.address.port }, ...ONE_SESSION });
  let lost = 0;
  while (lost < 1.5 * CONNECTION_WINDOW) {
    writer = undefined;
    await using client = await clientOf(pair, 'db');
    client.socket.pause();
    await stopped(() => writer);
    lost += await cut(pair, () => client.reset(), 'target');
  }
  await using client = await clientOf(pair, 'db');
  const sha256 = pseudorandomHash(WHOLE, 1);
  assert.deepEqual(await client.receive(20_000), { bytes: WHOLE, sha256, ended: 'fin' });
  client.finish();
  await expectIdle(pair);
});

test("uploads that are reset in flight do not use up the session's window", async () => {
  await using _leaks = expectNoLeaks();
  let reads = false;
  let received = 0;
  let target: Socket | undefined;
  await using sink = await LoopbackServer.start((socket) => {
    target = socket;
    if (!reads) return;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.on('end', () => socket.end());
  });
  await using pair = await startPair({ targets: { db: sink.address.port }, ...ONE_SESSION });
  let lost = 0;
  while (lost < 1.5 * CONNECTION_WINDOW) {
    target = undefined;
    await using client = await clientOf(pair, 'db');
    // The writer stands still until the connection is open, too.
    await eventually('the target to be connected', () => target !== undefined);
    pseudorandomStream(WHOLE, 2).pipe(client.socket);
    await stopped(() => client.socket);
    lost += await cut(pair, () => target !== undefined && resetSocket(target), 'client');
  }
  reads = true;
  await using client = await clientOf(pair, 'db');
  pseudorandomStream(WHOLE, 2).pipe(client.socket);
  assert.equal((await client.receive(20_000)).ended, 'fin');
  assert.equal(received, WHOLE);
  await expectIdle(pair);
});
