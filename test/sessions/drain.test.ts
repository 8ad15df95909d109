import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONNECT_PROTOCOL, paths } from '@penstock/wire';
import { encodeMessage } from '@penstock/wire/codec';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { extendedConnect, HostilePeer } from '../rig/hostile-peer.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { enrolledIdentity, helloOf } from '../rig/raw-agent.ts';
import { startEcho } from '../rig/targets.ts';

const connect = (pair: Pair) => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });

/** A client, and the name of the agent that serves it. */
async function connectThrough(pair: Pair): Promise<{ client: TestClient; agent: string }> {
  const opened = pair.event('connection-opened');
  const client = await connect(pair);
  await client.echo('hello');
  return { client, agent: String((await opened)['agent']) };
}

const timed = async (what: string, promise: Promise<unknown>) => {
  const start = performance.now();
  await deadline(what, promise, 20_000);
  return performance.now() - start;
};

test('a draining agent accepts no new clients, and stops when its last client has disconnected', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port } });
  const { client, agent } = await connectThrough(pair);
  await using _client = client;
  const daemon = pair.agents.get(agent);
  assert.ok(daemon);
  const drained = daemon.drain();
  assert.deepEqual(daemon.status().reasons, ['The agent is draining.']);
  await pair.event('session-draining', { past: true });
  for (let round = 0; round < 4; round += 1) {
    const later = await connectThrough(pair);
    await using _later = later.client;
    assert.notEqual(later.agent, agent);
  }
  assert.equal(await client.echo('still here'), 'still here');
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  assert.ok((await timed('the drain', drained)) < 1_500);
  const ends = pair.logged.filter(
    ({ event, program }) => event.startsWith('session-') && program === 'gateway',
  );
  assert.equal(ends.filter(({ event }) => event === 'session-closed').length, 2);
  assert.equal(ends.filter(({ event }) => event === 'session-lost').length, 0);
});

test('heartbeats continue while an agent drains', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { health: { heartbeatInterval: '100ms' } },
  });
  await using client = await connect(pair);
  await client.echo('hello');
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  const drained = daemon.drain();
  // After two and a half intervals without an acknowledgment there would be a second reason.
  const until = performance.now() + 600;
  await eventually('the time of six heartbeats', () => {
    assert.deepEqual(daemon.status().reasons, ['The agent is draining.']);
    return performance.now() > until;
  });
  client.reset();
  await deadline('the drain', drained);
});

test('an agent closes connections that outlive its drain timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    agent: { drain: { timeout: '300ms' } },
  });
  const { client } = await connectThrough(pair);
  await using _client = client;
  const ended = client.receive();
  const took = await timed('the drain', pair.agents.get('a1')?.drain() ?? Promise.reject());
  assert.ok(took >= 290 && took < 1_500, `it took ${Math.round(took)} ms`);
  assert.equal((await ended).ended, 'reset');
  const [stream] = pair.logged.filter(({ event }) => event === 'stream-ended');
  assert.equal(stream?.['code'], 'DRAIN_TIMEOUT');
});

test('a second signal stops a draining agent immediately', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  const { client } = await connectThrough(pair);
  await using _client = client;
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  const drained = daemon.drain();
  await pair.event('session-draining', { past: true });
  assert.ok((await timed('the stop', daemon.stop())) < 1_000);
  assert.ok((await timed('the drain', drained)) < 1_000);
});

test('an agent without an identity drains and stops immediately', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  const gateway = { url: `https://127.0.0.1:${pair.gateway.admin.port}` };
  const daemon = await pair.startAgent('a1', { gateway });
  await pair.event('enrollment-failed', { past: true });
  assert.ok((await timed('the drain', daemon.drain())) < 1_000);
});

test('a draining gateway notifies its agents and lets live connections finish', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port } });
  const { client } = await connectThrough(pair);
  await using _client = client;
  const refused = { host: '127.0.0.1', port: pair.port('echo') };
  const drained = pair.gateway.drain();
  await eventually('all sessions to drain', () => count(pair, 'session-draining') === 4);
  // Sessions that are asked to reconnect request successors, which this gateway no longer accepts.
  await pair.event('session-failed', { past: true });
  await assert.rejects(TestClient.connect(refused), { code: 'ECONNREFUSED' });
  assert.equal(await client.echo('still here'), 'still here');
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  assert.ok((await timed('the drain', drained)) < 1_500);
  assert.equal(count(pair, 'session-lost'), 0);
  await pair.restartGateway();
  await Promise.all(['a1', 'a2'].map((name) => pair.connected(name)));
});

test('a session that connects to a draining gateway is asked to reconnect elsewhere', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  const { client } = await connectThrough(pair);
  await using _client = client;
  const { key, chain } = await enrolledIdentity(pair, 'late');
  const to = { host: '127.0.0.1', port: pair.gateway.tunnel.port };
  await using late = await HostilePeer.connect({ to, identity: { key, chain, certificate: chain, pin: '' } });
  await late.greet();
  late.headers(1, extendedConnect(paths.control, CONNECT_PROTOCOL));
  assert.equal(await late.status(1), 200);
  const drained = pair.gateway.drain();
  await pair.event('session-draining', { past: true });
  late.data(1, encodeMessage(helloOf('late', ['echo'])));
  const says = (word: string) => late.frame(word, ({ payload }) => payload.includes(word));
  await says('"welcome"');
  await says('"reconnect"');
  client.reset();
  await deadline('the drain', drained);
});

test('a gateway closes connections that outlive its drain timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    gateway: { drain: { timeout: '300ms' } },
  });
  const { client } = await connectThrough(pair);
  await using _client = client;
  const ended = client.receive();
  const took = await timed('the drain', pair.gateway.drain());
  assert.ok(took >= 290 && took < 2_000, `it took ${Math.round(took)} ms`);
  assert.equal((await ended).ended, 'reset');
});

test('agents move from a draining gateway to its successor before it stops', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using old = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  const { client } = await connectThrough(old);
  await using _client = client;
  const before = old.gateway;
  const drained = before.drain();
  await old.event('session-draining', { past: true });
  // The same port, as behind a load balancer that no longer selects the old gateway; a data directory has one gateway.
  const dataDirectory = join(old.directory, 'successor');
  await cp(old.gatewayConfig.dataDirectory, dataDirectory, { recursive: true });
  await old.restartGateway({ dataDirectory });
  await old.connected('a1');
  assert.equal(await client.echo('through the old one'), 'through the old one');
  await using later = await connect(old);
  assert.equal(await later.echo('through the new one'), 'through the new one');
  client.finish();
  await deadline('the drain of the old gateway', drained);
});

const count = (pair: Pair, event: string) => pair.logged.filter((entry) => entry.event === event).length;

for (const [kind, resume] of [
  ['that could outlive its session', '1m'],
  ['that could not', '0s'],
] as const) {
  test(`a connection ${kind} ends with the code of the agent's drain, not with one of its target`, async () => {
    await using _leaks = expectNoLeaks();
    await using echo = await startEcho();
    await using pair = await startPair({
      targets: { echo: echo.address.port },
      agents: { a1: 'dc1' },
      gateway: { resume: { for: resume } },
      agent: { drain: { timeout: '300ms' } },
    });
    await using client = await connect(pair);
    await client.echo('hello');
    const received = client.receive();
    const closed = pair.event('connection-closed');
    const ended = pair.event('stream-ended');
    await deadline('the drain', pair.agents.get('a1')?.drain() ?? Promise.resolve());
    assert.equal((await closed)['code'], 'DRAIN_TIMEOUT');
    assert.equal((await ended)['code'], 'DRAIN_TIMEOUT');
    assert.equal((await received).ended, 'reset');
  });
}
