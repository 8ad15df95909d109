import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TunnelError } from '@penstock/wire';
import { deadline } from '../../test/rig/deadline.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { closed, MIB, openStream, watch } from './reusable-stream-fixture.ts';

test('connections follow each other on a stream, each with its own bytes and ends', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  let ends = { agent: stream.agent.use, gateway: stream.gateway.use };
  for (const name of ['one', 'two', 'three']) {
    const [atAgent, atGateway] = [watch(ends.agent), watch(ends.gateway)];
    ends.gateway.write(Buffer.from(`request ${name}`));
    ends.gateway.end();
    ends.agent.write(Buffer.from(`answer ${name}`));
    ends.agent.end();
    await closed(ends.agent, ends.gateway);
    assert.equal(atAgent.text(), `request ${name}`);
    assert.equal(atGateway.text(), `answer ${name}`);
    for (const { seen } of [atAgent, atGateway])
      assert.deepEqual(seen, { ends: 1, closes: 1, error: undefined });
    assert.deepEqual([ends.agent.rstCode, ends.gateway.rstCode], [0, 0]);
    assert.equal(stream.agent.isFree, true);
    ends = await stream.next(`after-${name}`);
  }
  stream.agent.end();
  await eventually(
    'the stream to be reset, because it carries a connection',
    () => stream.streams.agent.closed,
  );
});

test('one direction ends long before the other', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const { use } = stream.gateway;
  const atGateway = watch(use);
  stream.agent.use.resume();
  stream.agent.use.end();
  await once(use, 'end');
  assert.equal(use.writable, true);
  assert.equal(stream.gateway.isFree, false);
  use.write(Buffer.from('still here'));
  use.end();
  await closed(use, stream.agent.use);
  assert.deepEqual(atGateway.seen, { ends: 1, closes: 1, error: undefined });
});

test('a stream that carries no connection is closed without an error', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  for (const { use } of [stream.agent, stream.gateway]) use.resume().end();
  await closed(stream.agent.use, stream.gateway.use);
  const ends = Object.values(stream.streams).map((each) => once(each, 'close'));
  stream.agent.end();
  await deadline('both ends of the stream to close', Promise.all(ends));
  assert.deepEqual([stream.streams.agent.rstCode, stream.streams.gateway.rstCode], [0, 0]);
  assert.deepEqual(stream.violations, []);
});

for (const side of ['agent', 'gateway'] as const) {
  const other = side === 'agent' ? 'gateway' : 'agent';
  test(`a connection that is reset at the ${side} is reset at the other end, with its stream`, async () => {
    await using _leaks = expectNoLeaks();
    await using stream = await openStream();
    const [mine, theirs] = [watch(stream[side].use), watch(stream[other].use)];
    stream[side].use.destroy(new TunnelError('CLIENT_RESET'));
    await closed(stream[side].use, stream[other].use);
    assert.equal(mine.seen.error instanceof TunnelError, true);
    assert.deepEqual([theirs.seen.ends, theirs.seen.closes], [0, 1]);
    assert.notEqual(stream[other].use.rstCode, 0);
    assert.equal(stream[side].isFree || stream[other].isFree, false);
  });
}

test('the loss of the session closes a connection without an end', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const seen = [watch(stream.agent.use), watch(stream.gateway.use)];
  stream.loseSession();
  await closed(stream.agent.use, stream.gateway.use);
  for (const { seen: each } of seen) assert.deepEqual([each.ends, each.closes], [0, 1]);
  assert.equal(stream.gateway.use.session?.destroyed, true);
});

test('a reset discards what has not left, although both directions have ended', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [mine, theirs] = [stream.gateway.use, stream.agent.use];
  mine.resume();
  theirs.end();
  // More than the windows hold, for a reader that takes nothing.
  mine.write(Buffer.alloc(4 * MIB));
  mine.end();
  await eventually('both ends', () => mine.readableEnded && mine.isOver);
  const received = watch(theirs.pause());
  mine.destroy(new TunnelError('CLIENT_RESET'));
  await closed(mine, theirs);
  assert.deepEqual([received.seen.ends, received.seen.closes], [0, 1]);
  assert.notEqual(theirs.rstCode, 0);
});

test('a reset by the peer is seen, although both directions have ended', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const [mine, theirs] = [stream.gateway.use, stream.agent.use];
  mine.resume();
  theirs.end();
  mine.write(Buffer.alloc(4 * MIB));
  mine.end();
  await eventually('both ends', () => mine.readableEnded && mine.isOver);
  theirs.destroy(new TunnelError('TARGET_RESET'));
  await closed(mine, theirs);
  assert.notEqual(mine.rstCode, 0);
});

test('a reset that is called no error is no end', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const received = watch(stream.gateway.use);
  watch(stream.agent.use);
  for (let count = 0; count < 6; count += 1) stream.agent.use.write(Buffer.alloc(50_000, 'penstock'));
  await eventually('everything to arrive', () => received.bytes().length === 300_000);
  stream.streams.agent.destroy();
  await eventually('the reset', () => received.seen.closes === 1);
  assert.deepEqual([received.seen.ends, received.seen.closes], [0, 1]);
  assert.notEqual(stream.gateway.use.rstCode, 0);
});

test('a stream keeps nothing that listened to its last connection', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  for (const { use } of [stream.agent, stream.gateway]) {
    watch(use);
    use.end();
  }
  await closed(stream.agent.use, stream.gateway.use);
  await turn();
  assert.deepEqual([stream.agent.use.eventNames(), stream.gateway.use.eventNames()], [[], []]);
});

for (const [what, directions] of [
  ['both ends', ['agent', 'gateway']],
  ['the agent', ['agent']],
  ['the gateway', ['gateway']],
] as const) {
  test(`a connection on which ${what} sent much is the last one of its stream`, async () => {
    await using _leaks = expectNoLeaks();
    await using stream = await openStream();
    const streamsClosed = Object.values(stream.streams).map((each) => once(each, 'close'));
    const received = { agent: watch(stream.agent.use), gateway: watch(stream.gateway.use) };
    const much = Buffer.alloc(5 * MIB, 'penstock');
    for (const side of ['agent', 'gateway'] as const) {
      const bytes = (directions as readonly string[]).includes(side) ? much : Buffer.from('little');
      for (let at = 0; at < bytes.length; at += 100_000)
        stream[side].use.write(bytes.subarray(at, at + 100_000));
      stream[side].use.end();
    }
    await closed(stream.agent.use, stream.gateway.use);
    for (const [side, other] of [['agent', 'gateway'] as const, ['gateway', 'agent'] as const]) {
      const sent = (directions as readonly string[]).includes(side) ? much : Buffer.from('little');
      assert.equal(received[other].bytes().equals(sent), true);
      assert.deepEqual(received[other].seen, { ends: 1, closes: 1, error: undefined });
    }
    assert.deepEqual([stream.agent.isFree, stream.gateway.isFree], [false, false]);
    await deadline('both ends of the stream to close', Promise.all(streamsClosed));
    assert.deepEqual([stream.streams.agent.rstCode, stream.streams.gateway.rstCode], [0, 0]);
    assert.deepEqual(stream.violations, []);
  });
}

test('the loss of the session closes a connection that has sent everything, and is not read', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const reader = stream.gateway.use;
  stream.agent.use.resume();
  reader.pause();
  reader.end();
  stream.agent.use.write(Buffer.from('hello'));
  stream.agent.use.end();
  await eventually('everything to arrive', () => reader.isComplete);
  assert.equal(reader.destroyed, false);
  stream.loseSession();
  await closed(reader);
});

test('writing nothing ends nothing', async () => {
  await using _leaks = expectNoLeaks();
  await using stream = await openStream();
  const received = watch(stream.gateway.use);
  stream.agent.use.write(Buffer.alloc(0));
  stream.agent.use.write(Buffer.from('hello'));
  await eventually('what follows', () => received.text() === 'hello');
  assert.equal(received.seen.ends, 0);
});
