import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentConfig } from '@penstock/config-schema';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, type PairOptions, startPair } from '../rig/pair.ts';
import { pseudorandomHash, pseudorandomStream, receive } from '../rig/pseudorandom.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

/** Nothing ends because time has passed. */
const LONG = { resume: { for: '1h', reconnectTimeout: '1h' } };

/** A pair whose only agent reaches the gateway through a relay. */
async function startThroughRelay(
  target: number,
  options: Pick<PairOptions, 'gateway' | 'agent'> = {},
): Promise<{ pair: Pair; relay: Relay; throughRelay(): AgentConfig } & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const pair = await startPair({ targets: { db: target }, agents: {}, gateway: LONG, ...options });
  const relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  starting.use(relay);
  starting.use(pair);
  const route = { gateway: { url: `https://127.0.0.1:${relay.address.port}` } };
  await pair.startAgent('a1', route);
  await pair.connected('a1');
  const running = starting.move();
  return {
    pair,
    relay,
    throughRelay: () => pair.agentConfig('a1', route),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type Explanation = { attempts: { connection?: { resumes: number; adriftSince?: string } }[] };

const MIB = 1024 * 1024;

test('a connection goes on when all sessions of its agent are reset', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  for (let round = 0; round < 5; round += 1) {
    const resumed = pair.event('connection-resumed');
    relay.cut();
    assert.equal(await client.echo(`round ${round}`, 15_000), `round ${round}`);
    await resumed;
    await pair.connected('a1');
  }
  const { attempts } = (await pair.api('GET /connections/db/explain')) as Explanation;
  assert.equal(attempts[0]?.connection?.resumes, 5);
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  await expectIdle(pair);
});

test('a transfer in both directions loses and doubles nothing while its link is cut again and again', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  const bytes = 64 * MIB;
  const received = receive(client.socket);
  pseudorandomStream(bytes, 7).pipe(client.socket);
  for (const share of [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9]) {
    await eventually('more bytes to have passed', () => relay.bytes.down > share * bytes, { within: 60_000 });
    if (share === 0.5) relay.finish();
    else relay.cut();
  }
  const { ended, sha256, bytes: count } = await deadline('the echo', received, 120_000);
  assert.deepEqual({ ended, count }, { ended: 'fin', count: bytes });
  assert.equal(sha256, pseudorandomHash(bytes, 7));
  const resumed = pair.logged.filter(({ event }) => event === 'connection-resumed');
  assert.ok(resumed.length >= 3, `${resumed.length} resumes`);
  await expectIdle(pair);
});

test('a connection without a session is reset on both sides when its time is over', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port, { gateway: { resume: { for: '500ms' } } });
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  const closed = pair.event('connection-closed');
  const ended = pair.event('stream-ended');
  relay.refuse();
  relay.cut();
  assert.equal((await client.receive(15_000)).ended, 'reset');
  assert.equal((await closed)['code'], 'SESSION_LOST');
  assert.equal((await ended)['code'], 'SESSION_LOST');
  await relay.restore();
  await pair.connected('a1');
  await expectIdle(pair);
});

test('a client that leaves while its connection has no session takes its target with it', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  const adrift = pair.event('connection-adrift');
  relay.refuse();
  relay.cut();
  await adrift;
  const { attempts } = (await pair.api('GET /connections/db/explain')) as Explanation;
  assert.notEqual(attempts[0]?.connection?.adriftSince, undefined, 'the explanation says so');
  assert.equal(pair.agents.get('a1')?.status().adrift, 1, 'and so does the agent');
  const closed = pair.event('connection-closed');
  client.reset();
  assert.equal((await closed)['code'], 'CLIENT_RESET');
  const ended = pair.event('stream-ended');
  await relay.restore();
  assert.equal((await ended)['code'], 'CLIENT_GONE');
  await pair.connected('a1');
  await expectIdle(pair);
});

test('a reset that is lost together with its session is told on the next one', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  const closed = pair.event('connection-closed');
  const ended = pair.event('stream-ended');
  relay.blackHole();
  client.reset();
  assert.equal((await closed)['code'], 'CLIENT_RESET');
  relay.cut();
  await relay.restore();
  assert.equal((await ended)['code'], 'CLIENT_GONE');
  await pair.connected('a1');
  await expectIdle(pair);
});

test('a target whose stream was lost on its way to the gateway is not kept', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  relay.stall('up');
  await using client = await clientOf(pair, 'db');
  await eventually('the target to be connected', () => target.open === 1);
  const ended = pair.event('stream-ended');
  relay.cut();
  await relay.restore();
  assert.equal(await client.echo('on another session', 15_000), 'on another session');
  assert.equal((await ended)['code'], 'CLIENT_GONE');
  assert.deepEqual({ accepted: target.accepted, open: target.open }, { accepted: 2, open: 1 });
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  await pair.connected('a1');
  await expectIdle(pair);
});

test('an end that neither side was told of before the loss is told after it', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  const adrift = pair.event('connection-adrift');
  relay.refuse();
  relay.cut();
  await adrift;
  client.finish('last words');
  const received = client.receive(15_000);
  await relay.restore();
  assert.deepEqual(
    { bytes: (await received).bytes, ended: (await received).ended },
    { bytes: 10, ended: 'fin' },
  );
  await pair.connected('a1');
  await expectIdle(pair);
});

test('a session that retires hands its connections to the one that replaces it', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port, { agent: { gateway: { sessions: 1 } } });
  const { pair } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  const daemon = pair.agents.get('a1');
  const closed = pair.event('session-closed');
  const resumed = pair.event('connection-resumed');
  // A route to the gateway that has changed: the session is replaced.
  await daemon?.apply(pair.agentConfig('a1'));
  await resumed;
  await closed;
  assert.equal(await client.echo('after'), 'after');
  assert.ok(
    pair.logged.every(({ event }) => event !== 'connection-adrift'),
    'it was never without a session',
  );
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  await expectIdle(pair);
});

test('under a query and a transfer, sessions that retire end at once and nothing breaks', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair } = scene;
  // As while a query runs: nothing moves.
  await using query = await clientOf(pair, 'db');
  assert.equal(await query.echo('select'), 'select');
  await using client = await clientOf(pair, 'db');
  const bytes = 32 * MIB;
  const received = receive(client.socket);
  pseudorandomStream(bytes, 11).pipe(client.socket);
  const count = (event: string) => pair.logged.filter((entry) => entry.event === event).length;
  for (const rotation of [1, 2, 3]) {
    // A route to the gateway that has changed: each of the two sessions is replaced.
    await pair.agents.get('a1')?.apply(rotation % 2 === 1 ? pair.agentConfig('a1') : scene.throughRelay());
    await eventually('the sessions that retire to end', () => count('session-closed') === 2 * rotation, {
      within: 30_000,
    });
  }
  assert.equal(await query.echo('rows', 15_000), 'rows');
  const { ended, sha256 } = await deadline('the echo', received, 60_000);
  assert.deepEqual({ ended, sha256 }, { ended: 'fin', sha256: pseudorandomHash(bytes, 11) });
  assert.deepEqual([count('connection-adrift'), count('session-lost')], [0, 0]);
  assert.ok(count('connection-resumed') >= 4, 'the connections have moved');
  query.finish();
  assert.equal((await query.receive()).ended, 'fin');
  await expectIdle(pair);
});

test('the clients of an agent that is revoked are reset at once, though its network is away', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startThroughRelay(target.address.port);
  const { pair, relay } = scene;
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('before'), 'before');
  const adrift = pair.event('connection-adrift');
  relay.refuse();
  relay.cut();
  await adrift;
  const received = client.receive(15_000);
  await pair.api('POST /agents/a1/revoke');
  assert.equal((await received).ended, 'reset');
});

test('with resume.for 0s a connection ends with its session', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  for (const options of [{ gateway: { resume: { for: '0s' } } }, { agent: { policy: { resume: '0s' } } }]) {
    await using scene = await startThroughRelay(target.address.port, options);
    const { pair, relay } = scene;
    await using client = await clientOf(pair, 'db');
    assert.equal(await client.echo('before'), 'before');
    relay.cut();
    assert.equal((await client.receive(15_000)).ended, 'reset');
    await pair.connected('a1');
    await expectIdle(pair);
  }
});
