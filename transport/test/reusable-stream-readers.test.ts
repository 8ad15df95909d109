import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { deadline } from '../../test/rig/deadline.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import type { StreamUse } from '../src/index.ts';
import { closed, frameHeaderOf, MIB, openStream, watch } from './reusable-stream-fixture.ts';

test('a reader that pauses holds up the writer, and gets everything once it goes on', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [writer, reader] = [stream.agent.use, stream.gateway.use];
  const received = watch(reader);
  stream.agent.use.resume();
  reader.pause();
  const sent = Buffer.alloc(8 * MIB, 'penstock');
  for (let at = 0; at < sent.length; at += 64 * 1024) writer.write(sent.subarray(at, at + 64 * 1024));
  writer.end();
  reader.end();
  await eventually('the reader to be full', () => reader.readableLength >= 64 * 1024);
  assert.equal(writer.writableLength > 0, true);
  assert.equal(received.bytes().length, 0);
  reader.resume();
  await closed(writer, reader);
  assert.equal(received.bytes().equals(sent), true);
});

/** Sends more than a window, and waits until it has arrived. */
async function expectFlow(writer: StreamUse, received: ReturnType<typeof watch>): Promise<void> {
  const before = received.bytes().length;
  for (let count = 0; count < 12; count += 1) writer.write(Buffer.alloc(MIB / 4, 'penstock'));
  await eventually('more than a window to arrive', () => received.bytes().length === before + 3 * MIB);
}

test('a reader that has taken a part, and pauses again, gets everything', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [writer, reader] = [stream.agent.use, stream.gateway.use];
  const received = watch(reader);
  writer.resume();
  reader.pause();
  // In pieces of a kibibyte, so that a part can be taken.
  for (let count = 0; count < 100; count += 1) writer.write(Buffer.alloc(1024, 'penstock'));
  await eventually('the reader to be full', () => reader.readableLength >= 64 * 1024);
  const pauseAgain = () => {
    if (reader.readableLength < 40 * 1024) reader.pause();
  };
  reader.on('data', pauseAgain);
  reader.resume();
  await eventually('a part to be taken', () => reader.readableFlowing === false);
  reader.off('data', pauseAgain);
  const had = reader.readableLength;
  writer.write(Buffer.alloc(1024, 'penstock'));
  await eventually('another chunk', () => reader.readableLength > had || reader.readableLength >= 60 * 1024);
  reader.resume();
  await eventually('everything to be taken', () => received.bytes().length === 101 * 1024);
  await expectFlow(writer, received);
});

test('a connection that ended while its reader was full leaves the stream to the next', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [writer, reader] = [stream.agent.use, stream.gateway.use];
  const received = watch(reader);
  writer.resume();
  reader.pause();
  writer.write(Buffer.alloc(200 * 1024, 'penstock'));
  await eventually('everything to arrive', () => reader.readableLength === 200 * 1024);
  writer.end();
  await eventually('the end to arrive', () => reader.hasRead);
  reader.resume().end();
  await closed(writer, reader);
  assert.equal(received.bytes().length, 200 * 1024);
  const next = await stream.next('next');
  next.agent.resume();
  await expectFlow(next.agent, watch(next.gateway));
});

test('a connection that is dropped with data that nobody has read leaves the stream to the next', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [writer, reader] = [stream.agent.use, stream.gateway.use];
  writer.resume();
  reader.pause();
  writer.write(Buffer.alloc(200 * 1024, 'penstock'));
  writer.end();
  await eventually('everything to arrive', () => reader.hasRead);
  reader.end();
  await closed(writer);
  reader.destroy();
  assert.equal(reader.rstCode, 0);
  const next = await stream.next('next');
  next.agent.resume();
  await expectFlow(next.agent, watch(next.gateway));
});

test('a length that arrives alone while the reader is full does not stop the stream', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const reader = stream.gateway.use;
  const received = watch(reader);
  stream.agent.use.resume();
  reader.pause();
  stream.agent.use.write(Buffer.alloc(100_000, 'penstock'));
  await eventually('everything to arrive', () => reader.readableLength === 100_000);
  stream.streams.agent.write(frameHeaderOf(5));
  await turn();
  stream.streams.agent.write('later');
  await eventually('what follows', () => reader.readableLength === 100_005);
  reader.resume();
  await eventually('everything to be taken', () => received.bytes().length === 100_005);
  await expectFlow(stream.agent.use, received);
});

test('many small pieces are read as few', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const reader = stream.gateway.use;
  let chunks = 0;
  let bytes = 0;
  reader.on('data', (chunk: Buffer) => {
    chunks += 1;
    bytes += chunk.length;
  });
  reader.pause();
  const one = Buffer.concat([frameHeaderOf(1), Buffer.of(1)]);
  stream.streams.agent.write(Buffer.concat(Array.from({ length: 100_000 }, () => one)));
  await eventually('all to arrive', () => reader.readableLength === 100_000);
  reader.resume();
  await eventually('all to be read', () => bytes === 100_000);
  assert.equal(chunks < 20, true, `${chunks} chunks`);
});

test('a slow reader gets everything of a connection that sent much, although the stream has closed', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const reader = stream.gateway.use;
  const received = watch(reader);
  stream.agent.use.resume();
  reader.pause();
  reader.end();
  const sent = Buffer.alloc(900 * 1024, 'penstock');
  for (let at = 0; at < sent.length; at += 50_000) stream.agent.use.write(sent.subarray(at, at + 50_000));
  stream.agent.use.end();
  await eventually('everything to arrive', () => reader.readableLength === sent.length);
  assert.equal(received.seen.closes, 0);
  reader.resume();
  await closed(reader);
  assert.equal(received.bytes().equals(sent), true);
  assert.deepEqual(received.seen, { ends: 1, closes: 1, error: undefined });
});

test('a slow reader gets everything although the stream closes when the last write has left', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [theirs, reader] = [stream.agent.use, stream.gateway.use];
  const received = { theirs: watch(theirs.pause()), reader: watch(reader.pause()) };
  for (let count = 0; count < 6; count += 1) theirs.write(Buffer.alloc(50_000, 'penstock'));
  theirs.end();
  await eventually('everything to arrive', () => reader.readableLength === 300_000);
  for (let count = 0; count < 80; count += 1) reader.write(Buffer.alloc(16_384));
  await eventually('the window to be full', () => theirs.readableLength >= 64 * 1024);
  const isClosed = once(stream.streams.gateway, 'close');
  reader.write(Buffer.alloc(1000));
  reader.end();
  theirs.resume();
  await deadline('the end of the stream', isClosed);
  reader.resume();
  await closed(theirs, reader);
  assert.equal(received.reader.bytes().length, 300_000);
  assert.equal(received.theirs.bytes().length, 80 * 16_384 + 1000);
  for (const { seen } of Object.values(received))
    assert.deepEqual(seen, { ends: 1, closes: 1, error: undefined });
  assert.deepEqual([reader.rstCode, theirs.rstCode], [0, 0]);
});

test('a slow reader gets everything although its stream is closed behind it', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const reader = stream.gateway.use;
  const received = watch(reader);
  reader.pause();
  stream.agent.use.resume();
  reader.end();
  const sent = Buffer.alloc(50_000, 'penstock');
  stream.agent.use.write(sent);
  stream.agent.use.end();
  await closed(stream.agent.use);
  const arrived = once(stream.streams.gateway, 'end');
  stream.agent.end();
  await deadline('the end of the stream', arrived);
  assert.equal(received.bytes().length, 0);
  const both = Object.values(stream.streams).map((each) => once(each, 'close'));
  reader.resume();
  await closed(reader);
  assert.equal(received.bytes().equals(sent), true);
  assert.deepEqual(received.seen, { ends: 1, closes: 1, error: undefined });
  await deadline('both ends of the stream to close', Promise.all(both));
});

test('what arrives before anybody asks for it can be read, and its end is announced', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const { use } = stream.gateway;
  stream.agent.use.write(Buffer.from('first'));
  stream.agent.use.write(Buffer.from('second'));
  await eventually('both to arrive', () => use.readableLength === 11);
  assert.equal(use.readableFlowing, null);
  await once(use, 'readable');
  assert.equal(String(use.read()), 'firstsecond');
  assert.equal(use.read(), null);
  const ended = once(use, 'end');
  use.on('readable', () => use.read());
  stream.agent.use.end();
  await deadline('the end', ended);
});

test('a writer is told when it may go on', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  stream.gateway.use.resume();
  assert.equal(stream.agent.use.write(Buffer.alloc(2 * MIB)), false);
  await deadline('drain', once(stream.agent.use, 'drain'));
});
