import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';

const INTERVAL = 200;
const TIMEOUT = 400;
/** A ping may just have been sent, the next one is up to a fifth late, and its answer has a timeout. */
const DEADLINE = TIMEOUT + 1.2 * INTERVAL + TIMEOUT;
/** Allows for an event loop that two programs and a test share. */
const SLACK = 600;

const tunnel = { pingInterval: `${INTERVAL}ms`, pingTimeout: `${TIMEOUT}ms` };

/** A gateway, and an agent that reaches it through a relay. */
async function startThroughRelay(
  targets: Readonly<Record<string, number>>,
  pings = tunnel,
  resume = { for: '60s' },
) {
  const pair = await startPair({
    targets,
    agents: {},
    gateway: { tunnel: pings, resume },
    agent: { tunnel: pings },
  });
  const relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${relay.address.port}` } });
  await pair.connected('a1');
  return {
    pair,
    relay,
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}

const connect = (pair: Pair) => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });

const count = (pair: Pair, event: string) => pair.logged.filter((entry) => entry.event === event).length;

test('both ends give up a black-holed link within the ping timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await startThroughRelay({ echo: echo.address.port }, tunnel, { for: '0s' });
  await using client = await connect(at.pair);
  assert.equal(await client.echo('before'), 'before');
  const start = performance.now();
  const ended = client.receive();
  at.relay.blackHole();
  client.send('into the hole');
  await eventually(
    'both ends to give up both sessions',
    () => count(at.pair, 'session-ended') === 2 && count(at.pair, 'session-lost') === 2,
  );
  const took = performance.now() - start;
  assert.ok(took < DEADLINE + SLACK, `it took ${Math.round(took)} ms`);
  assert.equal((await ended).ended, 'reset');
  await at.relay.restore();
  // A handshake that began in the black hole would end only at its own, longer deadline.
  at.relay.cut();
  await at.pair.connected('a1');
  await using after = await connect(at.pair);
  assert.equal(await after.echo('after'), 'after');
});

test('a drain over a black-holed link ends at its own deadline', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const slow = { pingInterval: '60s', pingTimeout: '60s' };
  await using at = await startThroughRelay({ echo: echo.address.port }, slow);
  const daemon = at.pair.agents.get('a1');
  assert.ok(daemon);
  daemon.apply(
    at.pair.agentConfig('a1', {
      version: 2,
      gateway: { url: `https://127.0.0.1:${at.relay.address.port}` },
      drain: { timeout: '100ms' },
    }),
  );
  await using client = await connect(at.pair);
  await client.echo('before');
  at.relay.blackHole();
  const start = performance.now();
  await daemon.drain();
  const took = performance.now() - start;
  assert.ok(took < 100 + 2_000 + SLACK, `it took ${Math.round(took)} ms`);
});

test('when one of two sessions is lost, the other one serves, and takes over its clients', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await startThroughRelay({ echo: echo.address.port });
  await using first = await connect(at.pair);
  await using second = await connect(at.pair);
  assert.deepEqual([await first.echo('1'), await second.echo('2')], ['1', '2']);
  const lost = at.pair.event('session-lost');
  at.relay.cut('oldest');
  await lost;
  await using third = await connect(at.pair);
  assert.equal(await third.echo('3'), '3');
  assert.deepEqual([await first.echo('again'), await second.echo('again')], ['again', 'again']);
  await at.pair.connected('a1');
});

test('an event loop blocked for 1 s during a ping does not end a session on either end', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await startThroughRelay({ echo: echo.address.port });
  await using client = await connect(at.pair);
  await client.echo('before');
  // Both ends run in this process: each must check again after a late timer.
  for (let round = 0; round < 3; round += 1) {
    at.relay.stall('down');
    const { up } = at.relay.bytes;
    await eventually('a ping whose answer is held back', () => at.relay.bytes.up > up);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    at.relay.resume('down');
    assert.equal(await client.echo(`round ${round}`), `round ${round}`);
  }
  await at.pair.connected('a1');
  assert.deepEqual([count(at.pair, 'session-lost'), count(at.pair, 'session-ended')], [0, 0]);
});
