import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { deadline } from '../../test/rig/deadline.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { pseudorandomBytes, pseudorandomHash, receive } from '../../test/rig/pseudorandom.ts';
import { freeCaches } from '../src/free-caches.ts';
import { keptConnection } from '../src/last-connection.ts';
import { resetSocket } from '../src/reset-socket.ts';
import { type Joined, TunnelFixture } from './tunnel-fixture.ts';

const ends = async ({ atGateway, atAgent }: Joined) => {
  const [gateway, agent] = await deadline('both splices', Promise.all([atGateway.done, atAgent.done]));
  return { gateway, agent };
};

test('bytes and FIN go both ways, and both ends count them', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join();
  const { client, target } = joined;
  const outcomes = Promise.all([receive(client), receive(target)]);
  client.end('question');
  target.end('a longer answer');
  const [atClient, atTarget] = await deadline('both ends', outcomes);
  assert.deepEqual([atClient.ended, atTarget.ended], ['fin', 'fin']);
  assert.deepEqual(await ends(joined), {
    gateway: {
      code: undefined,
      detail: undefined,
      finishedFirst: 'socket',
      bytesFromSocket: 8,
      bytesToSocket: 15,
    },
    agent: {
      code: undefined,
      detail: undefined,
      finishedFirst: 'socket',
      bytesFromSocket: 15,
      bytesToSocket: 8,
    },
  });
});

test('the last connection is kept when it has ended, unless it still has data', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const first = await tunnel.join();
  first.client.end();
  first.target.end();
  await ends(first);
  const kept = keptConnection();
  assert.ok(kept === first.atGateway || kept === first.atAgent);
  freeCaches(true);
  const second = await tunnel.join();
  second.client.pause();
  second.target.write(pseudorandomBytes(20_000_000, 1));
  await eventually('the gateway has data that nobody reads', () => second.gatewayStream.readableLength > 0);
  second.atGateway.abort('CLIENT_RESET');
  await deadline('the gateway', second.atGateway.done);
  assert.notEqual(keptConnection(), second.atGateway);
  await ends(second);
  freeCaches(true);
});

test('one direction can end long before the other, in either order', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  for (const [first, second] of [
    ['client', 'target'],
    ['target', 'client'],
  ] as const) {
    const joined = await tunnel.join();
    const atSecond = receive(joined[second]);
    joined[first].end('done');
    assert.equal((await deadline(`FIN at the ${second}`, atSecond)).ended, 'fin');
    const atFirst = receive(joined[first]);
    const answer = pseudorandomBytes(3_000_000, 1);
    joined[second].end(answer);
    assert.deepEqual(await deadline('the answer', atFirst), {
      bytes: answer.length,
      sha256: pseudorandomHash(answer.length, 1),
      ended: 'fin',
    });
    assert.equal((await ends(joined)).gateway.code, undefined);
  }
});

test('a FIN received before the splice is not lost', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const early = await tunnel.join({
    before: async ({ client, ingress }) => {
      // The gateway does this while it dials, to notice a client that leaves.
      ingress.read(0);
      client.end();
      await deadline('the FIN at the gateway', once(ingress, 'end'));
    },
  });
  assert.equal((await deadline('FIN at the target', receive(early.target))).ended, 'fin');
  early.target.end();
  assert.equal((await deadline('FIN at the client', receive(early.client))).ended, 'fin');
  assert.equal((await ends(early)).gateway.code, undefined);
});

test('an END_STREAM received before the splice is not lost', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join({
    before: async ({ agentStream }) => {
      agentStream.end();
      await once(agentStream, 'finish');
      await eventually('the END_STREAM to be at the gateway', () => tunnel.gatewaySocket.bytesRead > 0);
    },
  });
  assert.equal((await deadline('FIN at the client', receive(joined.client))).ended, 'fin');
});

for (const [who, code, other] of [
  ['client', 'CLIENT_RESET', 'target'],
  ['target', 'TARGET_RESET', 'client'],
] as const) {
  test(`a reset by the ${who} is a reset at the ${other}, and both ends report ${code}`, async () => {
    await using _leaks = expectNoLeaks();
    await using tunnel = await TunnelFixture.start();
    const joined = await tunnel.join();
    const outcome = receive(joined[other]);
    joined[who].write('begun');
    await once(joined[other], 'data');
    resetSocket(joined[who]);
    const { bytes, ended } = await deadline(`the reset at the ${other}`, outcome);
    assert.deepEqual({ bytes, ended }, { bytes: 5, ended: 'reset' });
    const { gateway, agent } = await ends(joined);
    assert.deepEqual([gateway.code, agent.code], [code, code]);
  });

  // A reset behind a FIN is noticed only with the next byte in that direction.
  test(`a reset by the ${who} after its own FIN reaches the ${other} when it continues to send`, async () => {
    await using _leaks = expectNoLeaks();
    await using tunnel = await TunnelFixture.start();
    const joined = await tunnel.join();
    joined[who].end('begun');
    joined[other].resume();
    await deadline(`the FIN at the ${other}`, once(joined[other], 'end'));
    resetSocket(joined[who]);
    await eventually(`the reset at the ${other}`, () => {
      joined[other].write('anyone?');
      return joined[other].destroyed;
    });
    const { gateway, agent } = await ends(joined);
    assert.deepEqual([gateway.code, agent.code], [code, code]);
  });
}

test('a lost session resets both sides, and neither reports a clean end', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join();
  const outcomes = Promise.all([receive(joined.client), receive(joined.target)]);
  joined.client.write('one');
  joined.target.write('two');
  await Promise.all([once(joined.client, 'data'), once(joined.target, 'data')]);
  tunnel.agentSocket.destroy();
  const [atClient, atTarget] = await deadline('both ends', outcomes);
  assert.deepEqual([atClient.ended, atTarget.ended], ['reset', 'reset']);
  const { gateway, agent } = await ends(joined);
  assert.deepEqual([gateway.code, agent.code], ['SESSION_LOST', 'SESSION_LOST']);
});

for (const side of ['agentSocket', 'gatewaySocket'] as const) {
  test(`a session lost after both FINs, but before their bytes were sent, is not a clean end (${side})`, async () => {
    await using _leaks = expectNoLeaks();
    await using tunnel = await TunnelFixture.start();
    const joined = await tunnel.join();
    const { client, target } = joined;
    client.end();
    target.resume();
    await deadline('FIN at the target', once(target, 'end'));
    // The client does not read. When part of the answer is buffered at the agent, the target sends FIN too.
    let stuck = 0;
    await eventually(
      'the answer to be stuck',
      () => {
        stuck = joined.agentStream.writableLength > 100_000 ? stuck + 1 : 0;
        if (stuck === 0) target.write(Buffer.alloc(100_000, 'x'));
        return stuck === 10;
      },
      { within: 10_000 },
    );
    target.end();
    await eventually('the FIN at the agent', () => joined.agentStream.writableEnded);
    tunnel[side].destroy();
    assert.equal((await deadline('the end at the client', receive(client))).ended, 'reset');
    const { gateway, agent } = await ends(joined);
    assert.deepEqual([gateway.code, agent.code], ['SESSION_LOST', 'SESSION_LOST']);
  });
}

test('a stream destroyed with one of our codes reports that code', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join();
  joined.client.resume();
  joined.target.resume();
  joined.gatewayStream.destroy(new TunnelError('DRAIN_TIMEOUT'));
  assert.equal((await ends(joined)).gateway.code, 'DRAIN_TIMEOUT');
});

test('an abort resets both sides, and a second one has no effect', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join();
  const outcomes = Promise.all([receive(joined.client), receive(joined.target)]);
  joined.atGateway.abort('DRAIN_TIMEOUT');
  joined.atGateway.abort('INTERNAL');
  assert.deepEqual(
    (await deadline('both ends', outcomes)).map(({ ended }) => ended),
    ['reset', 'reset'],
  );
  assert.equal((await ends(joined)).gateway.code, 'DRAIN_TIMEOUT');
  joined.atGateway.abort('INTERNAL');
});

test('a half-closed connection without traffic is reset after the timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join({ halfClosedTimeout: 400 });
  const outcome = receive(joined.client);
  joined.target.resume();
  const started = performance.now();
  joined.client.end('done');
  assert.equal((await deadline('the reset', outcome)).ended, 'reset');
  const took = performance.now() - started;
  const { gateway, agent } = await ends(joined);
  assert.ok([gateway.code, agent.code].includes('HALF_CLOSED_TIMEOUT'), `${gateway.code} ${agent.code}`);
  assert.ok(took > 390 && took < 750, `It took ${took} ms.`);
});

test('a half-closed connection with traffic outlives the timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  const joined = await tunnel.join({ halfClosedTimeout: 100 });
  const outcome = receive(joined.client);
  joined.client.end();
  joined.target.resume();
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    if (sent < 20) joined.target.write('.');
    else {
      clearInterval(timer);
      joined.target.end('!');
    }
  }, 25);
  const { bytes, ended } = await deadline('the end', outcome);
  assert.deepEqual({ bytes, ended }, { bytes: 20, ended: 'fin' });
  assert.equal((await ends(joined)).gateway.code, undefined);
});

test('a stalled reader stops its writer, and nothing is lost', async () => {
  await using _leaks = expectNoLeaks();
  await using tunnel = await TunnelFixture.start();
  for (const [reader, writer] of [
    ['client', 'target'],
    ['target', 'client'],
  ] as const) {
    const joined = await tunnel.join();
    const bytes = 40_000_000;
    joined[writer].end(pseudorandomBytes(bytes, 2));
    let left = bytes;
    let still = 0;
    await eventually('the writer to be paused', () => {
      still = joined[writer].writableLength === left ? still + 1 : 0;
      left = joined[writer].writableLength;
      return still === 10;
    });
    const moved = bytes - joined[writer].writableLength;
    assert.ok(moved < 20_000_000, `${moved} bytes were taken from the writer while nobody read.`);
    const outcome = await deadline('the rest', receive(joined[reader]), 20_000);
    assert.deepEqual(outcome, { bytes, sha256: pseudorandomHash(bytes, 2), ended: 'fin' });
    joined[reader].end();
    await ends(joined);
  }
});
