import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import type { LiveStatus } from '../app/live/live-stream.ts';
import { SharedStream } from '../app/live/shared-stream.ts';

/** A tab. Its channel and its lock are those of this process. */
function tabOf(url: string) {
  const seen = { events: [] as string[], resets: 0, status: undefined as LiveStatus | undefined };
  const stream = new SharedStream({
    fetch: (headers, signal) => fetch(url, { headers: { ...headers, connection: 'close' }, signal }),
    onEvent: (_event, id) => seen.events.push(id ?? ''),
    onStatus: (status) => {
      seen.status = status;
    },
    onReset: () => {
      seen.resets += 1;
    },
    random: () => 0,
  });
  return { seen, stream };
}

test('a tab that comes back reads everything again, although the next events reach it first', async () => {
  await using _leaks = expectNoLeaks();
  let response: ServerResponse | undefined;
  const server = createServer((_request, answer) => {
    response = answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.write(': open\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const send = (id: number) => response?.write(`id: ${id}\nevent: agent\ndata: {}\n\n`);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const [reading, away] = [tabOf(url), tabOf(url)];
  try {
    reading.stream.start();
    await eventually('a tab to read', () => reading.seen.status?.name === 'live');
    away.stream.start();
    await eventually('the other one to be live', () => away.seen.status?.name === 'live');
    send(1);
    await eventually('both to have it', () => away.seen.events.length === 1);
    away.stream.pause();
    send(2);
    await eventually('one to have the next', () => reading.seen.events.length === 2);
    // Collected for the other tabs when the one that comes back says hello.
    send(3);
    await eventually('one to have the third', () => reading.seen.events.length === 3);
    away.stream.start();
    await eventually('the other one to be live again', () => away.seen.status?.name === 'live');
    assert.equal(away.seen.resets, 1);
    send(4);
    await eventually('it to hear of what follows', () => away.seen.events.at(-1) === reading.seen.events[3]);
    assert.equal(reading.seen.resets, 0);
  } finally {
    away.stream.stop();
    reading.stream.stop();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});
