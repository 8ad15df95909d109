import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resetSocket } from '@penstock/transport';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { pseudorandomBytes, pseudorandomStream } from '../rig/pseudorandom.ts';
import { Relay } from '../rig/relay.ts';
import { startResetting, startSource } from '../rig/targets.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

const SEED = 7;
const WHOLE = 30_000_000;
/** A connection ends with its session. */
const WITHOUT_RESUME = { resume: { for: '0s' } };
const whole = pseudorandomBytes(WHOLE, SEED);

/** What a client received of the pseudorandom response until it was closed, compared byte by byte. */
async function receiveBeginning(socket: NodeJS.ReadableStream & { destroyed: boolean }) {
  const { promise, resolve } = Promise.withResolvers<'fin' | 'reset'>();
  let bytes = 0;
  let intact = true;
  socket.on('data', (chunk: Buffer) => {
    intact &&= whole.subarray(bytes, bytes + chunk.length).equals(chunk);
    bytes += chunk.length;
  });
  socket.once('end', () => resolve('fin'));
  socket.once('error', () => resolve('reset'));
  socket.once('close', () => resolve('reset'));
  return { ended: await deadline('the truncated response to end', promise, 20_000), bytes, intact };
}

async function expectTruncated(received: ReturnType<typeof receiveBeginning>, least: number): Promise<void> {
  const { ended, bytes, intact } = await received;
  assert.equal(ended, 'reset');
  assert.equal(intact, true, 'The bytes that came are not those that were sent.');
  assert.ok(bytes >= least && bytes < WHOLE, `${bytes} bytes came.`);
}

/** Starts an agent that connects to the gateway through `relay`. */
async function startBehind(relay: Relay, pair: Pair): Promise<void> {
  await pair.startAgent('a1', {
    gateway: { url: `https://127.0.0.1:${relay.address.port}`, sessions: 1 },
  });
  await pair.connected('a1');
}

for (const bytes of [1, 20_000]) {
  test(`a target that resets after ${bytes} bytes resets the client after these bytes`, async () => {
    await using _leaks = expectNoLeaks();
    await using target = await startResetting(bytes, SEED);
    await using pair = await startPair({ targets: { db: target.address.port } });
    await using client = await clientOf(pair, 'db');
    client.send('select');
    assert.deepEqual(await receiveBeginning(client.socket), { ended: 'reset', bytes, intact: true });
    const closed = await pair.event('connection-closed', { past: true });
    assert.equal(closed['code'], 'TARGET_RESET');
    const ended = await pair.event('stream-ended', { past: true });
    assert.equal(ended['code'], 'TARGET_RESET');
    await expectIdle(pair);
  });
}

test('a target that resets in the middle of megabytes resets the client', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startResetting(5_000_000, SEED);
  await using pair = await startPair({ targets: { db: target.address.port } });
  await using client = await clientOf(pair, 'db');
  client.send('select');
  await expectTruncated(receiveBeginning(client.socket), 0);
  await expectIdle(pair);
});

test('a target that resets immediately, without a byte, resets the client', async () => {
  await using _leaks = expectNoLeaks();
  const codes = new Set<unknown>();
  for (const later of [(reset: () => void) => reset(), setImmediate, setTimeout]) {
    await using target = await LoopbackServer.start((socket) => {
      later(() => resetSocket(socket));
    });
    await using pair = await startPair({ targets: { db: target.address.port }, agents: { a1: 'dc1' } });
    for (let time = 0; time < 10; time += 1) {
      await using client = await clientOf(pair, 'db');
      assert.deepEqual(await receiveBeginning(client.socket), { ended: 'reset', bytes: 0, intact: true });
    }
    await expectIdle(pair);
    for (const { event, code } of pair.logged) {
      if (event === 'connection-closed' || event === 'connection-failed') codes.add(code);
    }
  }
  // The agent may notice it before or after its connect completes, the gateway before or after it joins the client.
  assert.deepEqual([...codes].sort(), ['REFUSED', 'TARGET_RESET']);
});

test('an agent that dies in the middle of a response resets its clients', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSource(WHOLE, SEED);
  await using pair = await startPair({ targets: { db: target.address.port }, agents: { a1: 'dc1' } });
  await using client = await clientOf(pair, 'db');
  const received = receiveBeginning(client.socket);
  await eventually('the response to start', () => client.socket.bytesRead > 100_000);
  client.socket.pause();
  await pair.stopAgent('a1');
  client.socket.resume();
  await expectTruncated(received, 100_000);
  const closed = await pair.event('connection-closed', { past: true });
  assert.equal(closed['code'], 'SESSION_LOST');
  await expectIdle(pair);
  await eventually('the target connection to be closed', () => target.open === 0);
});

test('a gateway that stops in the middle of a response resets clients and targets', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSource(WHOLE, SEED);
  await using pair = await startPair({ targets: { db: target.address.port } });
  await using client = await clientOf(pair, 'db');
  const received = receiveBeginning(client.socket);
  await eventually('the response to start', () => client.socket.bytesRead > 100_000);
  client.socket.pause();
  await pair.gateway.stop();
  client.socket.resume();
  await expectTruncated(received, 0);
  await eventually('the target connection to be closed', () => target.open === 0);
});

for (const [how, end] of [
  ['reset', (relay: Relay) => relay.cut()],
  ['ended', (relay: Relay) => relay.finish()],
] as const) {
  test(`a tunnel that is ${how} in the middle of a response resets the client`, async () => {
    await using _leaks = expectNoLeaks();
    await using target = await startSource(WHOLE, SEED);
    await using pair = await startPair({
      targets: { db: target.address.port },
      agents: {},
      gateway: WITHOUT_RESUME,
    });
    await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
    await startBehind(relay, pair);
    await using client = await clientOf(pair, 'db');
    const received = receiveBeginning(client.socket);
    await eventually('the response to start', () => client.socket.bytesRead > 100_000);
    client.socket.pause();
    end(relay);
    await pair.event('connection-closed', { past: true });
    client.socket.resume();
    await expectTruncated(received, 0);
    const ended = await pair.event('stream-ended', { past: true });
    assert.equal(ended['code'], 'SESSION_LOST');
    await eventually('the target connection to be closed', () => target.open === 0);
  });
}

test('wherever the tunnel is cut, the client receives a prefix and then a reset', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSource(WHOLE, SEED);
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: {},
    gateway: WITHOUT_RESUME,
  });
  for (const [direction, cut] of [
    ['up', 1],
    ['up', 20_000],
    ['up', 16_384 + 9],
    ['up', 1_234_567],
    ['up', 20_000_000],
    ['down', 200],
  ] as const) {
    await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
    await startBehind(relay, pair);
    const opened = pair.event('connection-opened');
    await using client = await clientOf(pair, 'db');
    const received = receiveBeginning(client.socket);
    await opened;
    client.socket.pause();
    relay.cutAfter(relay.bytes[direction] + cut, direction);
    client.socket.resume();
    // A cut in this direction requires bytes to flow.
    if (direction === 'down') client.send(pseudorandomBytes(1_000, 1));
    await expectTruncated(received, 0);
    await pair.stopAgent('a1');
    await eventually('the target connection to be closed', () => target.open === 0);
  }
  await expectIdle(pair);
});

test('a client that resets in the middle of an upload resets the target', async () => {
  await using _leaks = expectNoLeaks();
  const { promise: received, resolve } =
    Promise.withResolvers<Awaited<ReturnType<typeof receiveBeginning>>>();
  await using target = await LoopbackServer.start((socket) => void receiveBeginning(socket).then(resolve));
  await using pair = await startPair({ targets: { db: target.address.port } });
  await using client = await clientOf(pair, 'db');
  pseudorandomStream(WHOLE, SEED).pipe(client.socket);
  await eventually('the upload to start', () => client.socket.bytesWritten > 1_000_000);
  client.reset();
  await expectTruncated(received, 0);
  const closed = await pair.event('connection-closed', { past: true });
  assert.equal(closed['code'], 'CLIENT_RESET');
  const ended = await pair.event('stream-ended', { past: true });
  assert.equal(ended['code'], 'CLIENT_RESET');
  await expectIdle(pair);
});
