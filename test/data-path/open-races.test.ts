import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import { test } from 'node:test';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type PairOptions, startPair } from '../rig/pair.ts';
import { RawAgent } from '../rig/raw-agent.ts';
import { startEcho } from '../rig/targets.ts';
import { startUnresponsive } from '../rig/unresponsive.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';

const LONG_TIMEOUTS = { dial: { attemptTimeout: '30s', totalTimeout: '60s' } };

/** A gateway with an agent controlled by the test that offers `db`. */
async function startWithRawAgent(options: Partial<PairOptions> = {}) {
  const stack = new AsyncDisposableStack();
  const pair = stack.use(await startPair({ targets: { db: 1 }, agents: {}, ...options }));
  const agent = stack.use(await RawAgent.connect(pair, 'raw', ['db']));
  return { pair, agent, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** How an agent's stream was closed. Resolves when it is. */
async function outcomeOf(stream: ClientHttp2Stream): Promise<'reset' | 'clean'> {
  stream.resume();
  if (!stream.closed)
    await deadline(
      'the stream to be closed',
      once(stream, 'close').catch(() => {}),
    );
  return stream.rstCode === constants.NGHTTP2_NO_ERROR ? 'clean' : 'reset';
}

test('a client that resets during an open: the dial is canceled, and nothing is left behind', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startUnresponsive();
  await using pair = await startPair({
    targets: { db: target.address.port },
    gateway: LONG_TIMEOUTS,
    agents: { a1: 'dc1' },
    agent: {
      connectors: [
        { name: 'db', kind: 'tcp', address: `127.0.0.1:${target.address.port}`, dialTimeout: '60s' },
      ],
    },
  });
  await using client = await clientOf(pair, 'db');
  client.send('hello');
  await eventually('the agent to dial', () => pair.agents.get('a1')?.status().streams.opening === 1);
  client.reset();
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'CLIENT_GONE');
  await expectIdle(pair);
});

test('a client that closes during an open is served like one that half-closed', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await startWithRawAgent();
  const { pair, agent } = scene;
  await using client = await clientOf(pair, 'db');
  const { id } = await agent.message('open');
  // In TCP, a close cannot be distinguished from a half-close.
  client.socket.destroySoon();
  const stream = agent.bring(id);
  stream.end('answer');
  await outcomeOf(stream);
  await expectIdle(pair);
});

test('an open that crosses the notice that its agent drains is sent to another agent and counts as no failure', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using scene = await startWithRawAgent({ targets: { db: echo.address.port } });
  const { pair, agent } = scene;
  await using client = await clientOf(pair, 'db');
  await agent.message('open');
  const retried = pair.event('connection-retried');
  agent.say({ type: 'draining' });
  agent.leave();
  await pair.startAgent('a1');
  assert.equal((await retried)['code'], 'AGENT_DRAINING');
  assert.equal(await client.echo('hello'), 'hello');
});

test('an agent that dies during an open: another agent serves the client', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const { promise: pending } = Promise.withResolvers<never>();
  let dials = 0;
  await using pair = await startPair({
    targets: { db: `db.internal:${echo.address.port}` },
    gateway: LONG_TIMEOUTS,
    lookup: () => {
      dials += 1;
      return dials === 1 ? pending : Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    },
  });
  await using client = await clientOf(pair, 'db');
  client.send('hello');
  await eventually('the first agent to dial', () => dials === 1);
  const [dialing] = [...pair.agents].find(([, daemon]) => daemon.status().streams.opening === 1) ?? [];
  assert.ok(dialing !== undefined);
  await pair.stopAgent(dialing);
  assert.equal(String(await client.read(5)), 'hello');
  const opened = await pair.event('connection-opened', { past: true });
  assert.notEqual(opened['agent'], dialing);
  // Both sessions of the dead agent may have been tried before it was detected as dead.
  assert.ok(opened['attempts'] === 2, String(opened['attempts']));
  client.reset();
  await expectIdle(pair);
});

test('the only agent dies during an open: the client waits in the queue, and the failure is reported if no agent connects', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startUnresponsive();
  await using pair = await startPair({
    targets: { db: target.address.port },
    gateway: { ...LONG_TIMEOUTS, pools: [{ name: 'dc1', queue: { limit: 8, timeout: '300ms' } }] },
    agents: { a1: 'dc1' },
  });
  await using client = await clientOf(pair, 'db');
  await eventually('the agent to dial', () => pair.agents.get('a1')?.status().streams.opening === 1);
  await pair.stopAgent('a1');
  assert.equal((await client.receive()).ended, 'reset');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'AGENT_DRAINING');
  await expectIdle(pair);
});

test('an agent dies while a connection is idle: the client is reset', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  await using client = await clientOf(pair, 'db');
  await client.echo('hello');
  const received = client.receive();
  await pair.stopAgent('a1');
  assert.equal((await received).ended, 'reset');
  assert.equal((await pair.event('connection-closed', { past: true }))['code'], 'SESSION_LOST');
  await expectIdle(pair);
  await eventually('the target connection to be closed', () => echo.open === 0);
});

test('a stream that arrives after its cancel is reset, and the session stays open', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await startWithRawAgent();
  const { pair, agent } = scene;
  const leaving = await clientOf(pair, 'db');
  const { id } = await agent.message('open');
  leaving.reset();
  await leaving[Symbol.asyncDispose]();
  assert.equal((await agent.message('cancel')).id, id);
  assert.equal(await outcomeOf(agent.bring(id)), 'reset');
  agent.say({ type: 'open-failed', id, code: 'REFUSED', detail: 'too late' });

  await using client = await clientOf(pair, 'db');
  const next = await agent.message('open', (open) => open.id !== id);
  const stream = agent.bring(next.id);
  stream.end('served');
  assert.equal(String(await client.read(6)), 'served');
  client.finish();
  assert.equal(await outcomeOf(stream), 'clean');
  const broken = pair.logged.filter(
    ({ program, code }) => program === 'gateway' && code === 'PROTOCOL_ERROR',
  );
  assert.deepEqual(broken, []);
  await expectIdle(pair);
});

test('a stream that arrives after the deadline is reset, and the client has failed', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await startWithRawAgent({
    gateway: { dial: { attemptTimeout: '100ms', totalTimeout: '200ms' } },
  });
  const { pair, agent } = scene;
  await using client = await clientOf(pair, 'db');
  const { id, deadline: granted } = await agent.message('open');
  assert.equal(granted, 90);
  assert.equal((await client.receive()).ended, 'reset');
  assert.equal((await pair.event('connection-failed', { past: true }))['code'], 'AGENT_TIMEOUT');
  assert.equal((await agent.message('cancel')).code, 'DIAL_TIMEOUT');
  assert.equal(await outcomeOf(agent.bring(id)), 'reset');
  await expectIdle(pair);
});

test('only the first response to an open counts: a second stream or a later failure is ignored, and vice versa', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await startWithRawAgent();
  const { pair, agent } = scene;
  await using first = await clientOf(pair, 'db');
  const { id } = await agent.message('open');
  const stream = agent.bring(id);
  assert.equal(await outcomeOf(agent.bring(id)), 'reset');
  agent.say({ type: 'open-failed', id, code: 'REFUSED', detail: 'changed my mind' });
  stream.write('still here');
  assert.equal(String(await first.read(10)), 'still here');

  await using second = await clientOf(pair, 'db');
  const other = await agent.message('open', (open) => open.id !== id);
  agent.say({ type: 'open-failed', id: other.id, code: 'REFUSED', detail: 'no' });
  assert.equal((await second.receive()).ended, 'reset');
  assert.equal(await outcomeOf(agent.bring(other.id)), 'reset');
  stream.end();
  first.finish();
  assert.equal(await outcomeOf(stream), 'clean');
  await expectIdle(pair);
});

test('a stream with END_STREAM in its headers is a target that sends FIN without data', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await startWithRawAgent();
  const { pair, agent } = scene;
  await using client = await clientOf(pair, 'db');
  const { id } = await agent.message('open');
  const stream = agent.bring(id, { endStream: true });
  assert.equal((await client.receive()).ended, 'fin');
  client.finish('received');
  assert.equal(await outcomeOf(stream), 'clean');
  await expectIdle(pair);
});
