import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import type { OutgoingHttpHeaders } from 'node:http';
import { type TestContext, test } from 'node:test';
import { resetSocket } from '@penstock/transport';
import { CONNECT_PROTOCOL, paths, RECEIVED_HEADER, REUSABLE_HEADER, streamPath } from '@penstock/wire';
import { encodeMessage } from '@penstock/wire/codec';
import { eventually } from '../rig/eventually.ts';
import { extendedConnect, type HeaderPairs, HostilePeer } from '../rig/hostile-peer.ts';
import { frameType } from '../rig/http2-frame.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { pseudorandomBytes } from '../rig/pseudorandom.ts';
import { enrolledIdentity, helloOf } from '../rig/raw-agent.ts';
import { startAnsweringAfterFin, startEcho } from '../rig/targets.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';
import { nextOpen } from './next-open.ts';

/** The paths of the data streams that agents of this process open from now on. */
function watchStreams() {
  const opened: string[] = [];
  const add = (message: unknown) => {
    const path = (message as { headers: OutgoingHttpHeaders }).headers[':path'];
    if (String(path).startsWith(paths.streams)) opened.push(String(path));
  };
  const created = channel('http2.client.stream.created');
  created.subscribe(add);
  return { opened, [Symbol.dispose]: () => created.unsubscribe(add) };
}

/** Waits until so many connections have ended at the agent, which then has their streams back. */
async function haveEnded(pair: Pair, count: number): Promise<void> {
  const ended = () => pair.logged.filter(({ event }) => event === 'stream-ended').length;
  await eventually(`${count} connections to end`, () => ended() === count);
}

test('connections that follow each other share a stream of each session', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port } });
  using streams = watchStreams();
  for (let number = 1; number <= 20; number += 1) {
    await using client = await clientOf(pair, 'db');
    assert.equal(await client.echo(`hello ${number}`), `hello ${number}`);
    client.finish();
    assert.equal((await client.receive()).ended, 'fin');
    await haveEnded(pair, number);
  }
  // The id of an open starts with that of its session.
  const sessions = streams.opened.map((path) => path.split('-')[0]);
  assert.equal(new Set(sessions).size, sessions.length);
  assert.equal(sessions.length < 20, true);
  await expectIdle(pair);
});

for (const end of ['client', 'target'] as const) {
  test(`a connection that its ${end} resets takes its stream with it, and no other`, async () => {
    await using _leaks = expectNoLeaks();
    await using target = await LoopbackServer.start((socket) => {
      socket.on('data', (chunk: Buffer) => {
        if (String(chunk) === 'reset') resetSocket(socket);
        else socket.write(chunk);
      });
      socket.on('end', () => socket.end());
    });
    await using pair = await startPair({ targets: { db: target.address.port } });
    const others = await Promise.all([1, 2, 3, 4].map(() => clientOf(pair, 'db')));
    for (const [number, other] of others.entries()) assert.equal(await other.echo(`${number}`), `${number}`);
    for (let number = 1; number <= 5; number += 1) {
      await using client = await clientOf(pair, 'db');
      assert.equal(await client.echo('hello'), 'hello');
      if (end === 'client') client.reset();
      else {
        client.send('reset');
        assert.equal((await client.receive()).ended, 'reset');
      }
      await haveEnded(pair, number);
    }
    for (const [number, other] of others.entries()) {
      assert.equal(await other.echo(`again ${number}`), `again ${number}`);
      other.finish();
      assert.equal((await other.receive()).ended, 'fin');
      await other[Symbol.asyncDispose]();
    }
    await expectIdle(pair);
  });
}

test('many connections that begin and end in every order get their own answers', async (t: TestContext) => {
  await using _leaks = expectNoLeaks();
  await using reverse = await startAnsweringAfterFin((request) => Buffer.from(request).reverse());
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { reverse: reverse.address.port, echo: echo.address.port } });
  using streams = watchStreams();
  let started = 0;
  const converse = async (seed: number) => {
    const request = pseudorandomBytes(1 + ((seed * 7919) % 100_000), seed);
    await using client = await clientOf(pair, seed % 2 === 0 ? 'reverse' : 'echo');
    if (seed % 2 === 0) {
      client.finish(request);
      assert.equal((await client.read(request.length)).equals(Buffer.from(request).reverse()), true);
    } else {
      client.send(request);
      assert.equal((await client.read(request.length)).equals(request), true);
      // One in eight is reset rather than finished.
      if (seed % 8 === 1) {
        client.reset();
        return;
      }
      client.finish();
    }
    assert.equal((await client.receive()).ended, 'fin');
  };
  const worker = async () => {
    while (started < 400) {
      started += 1;
      await converse(started);
    }
  };
  await Promise.all(Array.from({ length: 12 }, worker));
  await expectIdle(pair);
  t.diagnostic(`${streams.opened.length} streams for 400 connections`);
  assert.equal(streams.opened.length < 400, true);
});

const hasMisbehaved = (pair: Pair) =>
  pair.logged.some(({ event, code }) => event === 'session-lost' && code === 'PROTOCOL_ERROR');

const END = Buffer.alloc(4);
const frame = (text: string) => Buffer.concat([Buffer.of(0, 0, 0, text.length), Buffer.from(text)]);

const faults: Record<string, Buffer> = {
  'uses a stream again for an open that never was': Buffer.concat([END, frame('k-1')]),
  'uses a stream again for something that is no id': Buffer.concat([END, frame('not an id')]),
  'uses a stream again for an id that is too long': Buffer.concat([END, frame('i'.repeat(65))]),
};

for (const [what, bytes] of Object.entries(faults)) {
  test(`an agent that ${what} loses its session`, async () => {
    await using _leaks = expectNoLeaks();
    await using pair = await startPair({ targets: { db: 1 }, agents: {} });
    await using peer = await rawAgent(pair);
    await using client = await clientOf(pair, 'db');
    const id = await nextOpen(peer);
    peer.headers(3, reusable(id));
    client.finish();
    // Both directions have ended then.
    await peer.frame(
      'the end of the client',
      ({ type, streamId, payload }) => type === frameType.DATA && streamId === 3 && payload.equals(END),
    );
    peer.data(3, bytes);
    await eventually('the end of the session', () => hasMisbehaved(pair));
    await peer.closed;
    await expectIdle(pair);
  });
}

test('an agent that sends data behind its end, before the client has ended, loses its session', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { db: 1 }, agents: {} });
  await using peer = await rawAgent(pair);
  await using _client = await clientOf(pair, 'db');
  const id = await nextOpen(peer);
  peer.headers(3, reusable(id));
  peer.data(3, Buffer.concat([frame('answer'), END, frame('more')]));
  await eventually('the end of the session', () => hasMisbehaved(pair));
  await peer.closed;
  await expectIdle(pair);
});

test('an agent uses one stream for several connections as it likes, and each client gets its own', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { db: 1 }, agents: {} });
  await using peer = await rawAgent(pair);
  for (const answer of ['one', 'two', 'three']) {
    await using client = await clientOf(pair, 'db');
    const id = await nextOpen(peer);
    if (answer === 'one') peer.headers(3, reusable(id));
    else peer.data(3, frame(id));
    peer.data(3, Buffer.concat([frame(answer), END]));
    assert.equal(String(await client.read(answer.length)), answer);
    client.finish();
    await peer.frame(
      'the end of the client',
      ({ type, streamId, payload }) => type === frameType.DATA && streamId === 3 && payload.equals(END),
    );
    peer.data(1, encodeMessage({ type: 'received', connections: [{ id, received: 1 }] }));
    peer.frames.splice(0);
  }
  await expectIdle(pair);
});

test('a start that crosses the cancellation of its open is reset, and the next connection is served', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { db: 1 }, agents: {} });
  await using peer = await rawAgent(pair);
  const first = await clientOf(pair, 'db');
  const opened = await nextOpen(peer);
  peer.headers(3, reusable(opened));
  first.finish();
  await peer.frame(
    'the end of the client',
    ({ type, streamId, payload }) => type === frameType.DATA && streamId === 3 && payload.equals(END),
  );
  peer.data(3, END);
  peer.data(1, encodeMessage({ type: 'received', connections: [{ id: opened, received: 1 }] }));
  assert.equal((await first.receive()).ended, 'fin');
  await first[Symbol.asyncDispose]();
  const second = await clientOf(pair, 'db');
  const canceled = await nextOpen(peer);
  second.reset();
  await eventually('the cancellation', () => pair.logged.some(({ code }) => code === 'CLIENT_GONE'));
  peer.data(3, frame(canceled));
  await peer.frame('a reset', ({ type, streamId }) => type === frameType.RST_STREAM && streamId === 3);
  await second[Symbol.asyncDispose]();
  await using third = await clientOf(pair, 'db');
  const id = await nextOpen(peer);
  peer.headers(5, reusable(id));
  peer.data(5, frame('alive'));
  assert.equal(String(await third.read(5)), 'alive');
  third.reset();
  await expectIdle(pair);
});

const reusable = (id: string): HeaderPairs => [
  ...extendedConnect(streamPath(id), CONNECT_PROTOCOL),
  [RECEIVED_HEADER, '0'],
  [REUSABLE_HEADER, '1'],
];

/** An agent that writes frames by hand, with a session that the gateway has welcomed. */
async function rawAgent(pair: Pair): Promise<HostilePeer> {
  const identity = await enrolledIdentity(pair, 'raw');
  const to = { host: '127.0.0.1', port: pair.gateway.tunnel.port };
  const peer = await HostilePeer.connect({ to, identity: { certificate: '', pin: '', ...identity } });
  await peer.greet();
  peer.headers(1, extendedConnect(paths.control, CONNECT_PROTOCOL));
  peer.data(1, encodeMessage(helloOf('raw', ['db'])));
  return peer;
}
