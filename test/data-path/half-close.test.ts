import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { startPair } from '../rig/pair.ts';
import { pseudorandomBytes, pseudorandomHash, receive } from '../rig/pseudorandom.ts';
import { startAnsweringAfterFin, startHanging, startSink } from '../rig/targets.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

/** A lookup that responds only after `release` is called, which delays the open. */
function delayedLookup() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const lookup = async () => {
    await promise;
    return [{ address: '127.0.0.1', family: 4 }];
  };
  return { lookup, release: resolve };
}

test('a target that responds only after FIN is heard, and its FIN reaches the client', async () => {
  await using _leaks = expectNoLeaks();
  const answer = pseudorandomBytes(3_000_000, 1);
  await using target = await startAnsweringAfterFin((request) =>
    request.length === 1_000_000 ? answer : `got ${request.length}`,
  );
  await using pair = await startPair({ targets: { db: target.address.port } });
  await using client = await clientOf(pair, 'db');
  client.finish(pseudorandomBytes(1_000_000, 2));
  assert.deepEqual(await client.receive(), {
    bytes: answer.length,
    sha256: pseudorandomHash(answer.length, 1),
    ended: 'fin',
  });
  await expectIdle(pair);
});

test('a FIN from a client that has sent nothing reaches the target, repeatedly', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startAnsweringAfterFin((request) => `got ${request.length}`);
  await using pair = await startPair({ targets: { db: target.address.port } });
  for (let time = 0; time < 20; time += 1) {
    await using client = await clientOf(pair, 'db');
    client.finish();
    assert.equal(String(await client.read(5)), 'got 0');
    assert.equal((await client.receive()).ended, 'fin');
  }
  await expectIdle(pair);
});

for (const sent of ['', 'hello', 'x'.repeat(300_000)]) {
  test(`${sent.length} bytes and FIN sent before the target is dialed reach it`, async () => {
    await using _leaks = expectNoLeaks();
    await using target = await startAnsweringAfterFin((request) => `got ${request.length} bytes`);
    const { lookup, release } = delayedLookup();
    await using pair = await startPair({ targets: { db: `db.internal:${target.address.port}` }, lookup });
    await using client = await clientOf(pair, 'db');
    client.finish(sent);
    await once(client.socket, 'finish');
    assert.equal(target.accepted, 0);
    release();
    const expected = `got ${sent.length} bytes`;
    assert.equal(String(await client.read(expected.length)), expected);
    assert.equal((await client.receive()).ended, 'fin');
    await expectIdle(pair);
  });
}

test("after the target's FIN the client can still send, and everything arrives", async () => {
  await using _leaks = expectNoLeaks();
  const { promise: received, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof receive>>>();
  await using target = await LoopbackServer.start((socket) => {
    socket.end('bye');
    void receive(socket).then(resolve);
  });
  await using pair = await startPair({ targets: { db: target.address.port } });
  await using client = await clientOf(pair, 'db');
  const { bytes, ended } = await client.receive();
  assert.deepEqual({ bytes, ended }, { bytes: 3, ended: 'fin' });
  client.finish(pseudorandomBytes(5_000_000, 3));
  assert.deepEqual(await deadline('the rest', received), {
    bytes: 5_000_000,
    sha256: pseudorandomHash(5_000_000, 3),
    ended: 'fin',
  });
  await expectIdle(pair);
});

test('a FIN from a target that has sent nothing closes only that direction', async () => {
  await using _leaks = expectNoLeaks();
  const received: string[] = [];
  await using target = await LoopbackServer.start((socket) => {
    socket.end();
    socket.on('data', (chunk: Buffer) => received.push(String(chunk)));
  });
  await using pair = await startPair({ targets: { db: target.address.port } });
  for (let time = 0; time < 20; time += 1) {
    await using client = await clientOf(pair, 'db');
    assert.equal((await client.receive()).ended, 'fin');
    client.finish('still here');
  }
  await expectIdle(pair);
  assert.equal(received.join(''), 'still here'.repeat(20));
});

test('an idle half-closed connection is reset at both ends', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startHanging();
  await using pair = await startPair({
    targets: { db: target.address.port },
    gateway: { tunnel: { halfClosedTimeout: '1s' } },
  });
  await using client = await clientOf(pair, 'db');
  client.finish('anyone?');
  assert.equal((await client.receive()).ended, 'reset');
  const closed = await pair.event('connection-closed', { past: true });
  assert.equal(closed['code'], 'HALF_CLOSED_TIMEOUT');
  await expectIdle(pair);
});

test('a connection that is open in both directions has no such timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSink();
  await using hanging = await startHanging();
  await using pair = await startPair({
    targets: { db: target.address.port, stuck: hanging.address.port },
    gateway: { tunnel: { halfClosedTimeout: '1s' } },
    agent: { tunnel: { halfClosedTimeout: '1s' } },
  });
  await using silent = await clientOf(pair, 'db');
  silent.send('I am');
  await pair.event('connection-opened', { past: true });
  // Another connection, opened later and half-closed, times out first.
  await using halfClosed = await clientOf(pair, 'stuck');
  halfClosed.finish('done');
  assert.equal((await halfClosed.receive()).ended, 'reset');
  silent.finish(' here');
  const { bytes, ended } = await deadline('the target to receive everything', target.received());
  assert.deepEqual({ bytes, ended }, { bytes: 9, ended: 'fin' });
  assert.equal((await silent.receive()).ended, 'fin');
  await expectIdle(pair);
});
