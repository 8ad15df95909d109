import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { backOff } from '../app/live/back-off.ts';
import { EventParser } from '../app/live/event-parser.ts';
import { type LiveEvent, type LiveStatus, LiveStream } from '../app/live/live-stream.ts';
import { staleAfter } from '../app/live/stale-resources.ts';

/** A real HTTP server whose streams the test writes itself. */
async function startEvents(
  answer: (response: ServerResponse, lastId: string | undefined) => void,
  silenceMs = 15_000,
) {
  const lastIds: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const lastId = request.headers['last-event-id'];
    lastIds.push(typeof lastId === 'string' ? lastId : undefined);
    answer(response, lastIds.at(-1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const events: LiveEvent[] = [];
  const statuses: LiveStatus[] = [];
  let resets = 0;
  const stream = new LiveStream({
    fetch: (headers, signal) => fetch(url, { headers: { ...headers, connection: 'close' }, signal }),
    onEvent: (event) => events.push(event),
    onStatus: (status) => statuses.push(status),
    onReset: () => {
      resets += 1;
    },
    random: () => 0,
    silenceMs,
  });
  return {
    stream,
    events,
    statuses,
    lastIds,
    get resets() {
      return resets;
    },
    async [Symbol.asyncDispose]() {
      stream.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('events arrive, and a lost stream continues after the last one', async () => {
  await using _leaks = expectNoLeaks();
  let connections = 0;
  await using rig = await startEvents((response) => {
    connections += 1;
    response.writeHead(200);
    response.write(
      `id: ${connections}\n: welcome\n\nevent: agent\nid: ${connections}a\ndata: {"name":"a${connections}"}\n\n`,
    );
    if (connections === 1) response.end();
    else keepAlive(response);
  });
  rig.stream.start();
  await eventually('both events', () => rig.events.length === 2, { state: () => rig.statuses });
  assert.deepEqual(rig.events, [
    { type: 'agent', data: { name: 'a1' } },
    { type: 'agent', data: { name: 'a2' } },
  ]);
  assert.deepEqual(rig.lastIds, [undefined, '1a']);
  assert.deepEqual(
    rig.statuses.map(({ name }) => name),
    ['connecting', 'live', 'lost', 'live'],
  );
  assert.equal(rig.resets, 0);
});

test('a stream without a byte is lost, since its last byte', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await startEvents((response) => {
    response.writeHead(200);
    response.write(': welcome\n\n');
  }, 300);
  rig.stream.start();
  const lost = await eventually('the stream to be lost', () =>
    rig.statuses.find(({ name }) => name === 'lost'),
  );
  assert.ok(lost.name === 'lost' && lost.since <= Date.now() - 250);
});

test('an ended session ends the stream for good, after one request', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await startEvents((response) => response.writeHead(401).end('{}'));
  rig.stream.start();
  await eventually('the stream to notice', () => rig.stream.status.name === 'signed-out');
  assert.equal(rig.lastIds.length, 1);
});

test('missed events that the gateway no longer has make everything stale', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await startEvents((response) => {
    response.writeHead(200);
    response.write('event: reset\nid: 9\ndata: {}\n\n');
    keepAlive(response);
  });
  rig.stream.start();
  await eventually('the reset', () => rig.resets === 1);
  assert.deepEqual(rig.events, []);
});

test('a paused stream asks for nothing, and continues where it was', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await startEvents((response) => {
    response.writeHead(200);
    response.write('id: 5\n: welcome\n\n');
    keepAlive(response);
  });
  rig.stream.start();
  await eventually('the stream to be live', () => rig.stream.status.name === 'live');
  rig.stream.pause();
  assert.equal(rig.stream.status.name, 'paused');
  rig.stream.start();
  await eventually('the stream to be live again', () => rig.stream.status.name === 'live');
  assert.deepEqual(rig.lastIds, [undefined, '5']);
});

test('events are parsed in whatever pieces they arrive', () => {
  const text =
    ': welcome\r\nid: 1\r\n\r\nevent: agent\nid: 2\ndata: {"a":\ndata: 1}\n\ndata:x\n\nevent: lost\n\nid\ndata\n\n';
  const parse = (pieces: readonly string[]) => {
    const found: unknown[] = [];
    const parser = new EventParser({ onId: (id) => found.push(id), onEvent: (event) => found.push(event) });
    for (const piece of pieces) parser.feed(piece);
    return found;
  };
  const whole = parse([text]);
  assert.deepEqual(whole, [
    '1',
    '2',
    { type: 'agent', data: '{"a":\n1}' },
    { type: 'message', data: 'x' },
    '',
    { type: 'message', data: '' },
  ]);
  assert.deepEqual(parse([...text]), whole);
  assert.throws(() => parse([`data: ${'x'.repeat(2 * 1024 * 1024)}`]), /too long/);
});

test('the waits grow to half a minute, and differ between browsers', () => {
  assert.equal(
    backOff(1, () => 1),
    1_000,
  );
  assert.equal(
    backOff(4, () => 1),
    8_000,
  );
  assert.equal(
    backOff(50, () => 1),
    30_000,
  );
  assert.equal(
    backOff(50, () => 0),
    6_000,
  );
});

test('each event makes stale what it is about', () => {
  assert.ok(staleAfter({ type: 'agent', data: {} }).includes('attention'));
  assert.ok(staleAfter({ type: 'audit', data: { action: 'grant.create' } }).includes('grants'));
  assert.deepEqual(staleAfter({ type: 'something-newer', data: {} }), []);
});

function keepAlive(response: ServerResponse): void {
  const timer = setInterval(() => response.write(': keep-alive\n\n'), 50);
  response.on('close', () => clearInterval(timer));
}
