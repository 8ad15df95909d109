import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { clientOf, expectReset } from './client-of.ts';
import { expectIdle } from './idle.ts';
import { startRecording } from './recording-target.ts';

const connectorTo = (port: number) => ({
  connectors: [{ name: 'db', kind: 'tcp', address: `127.0.0.1:${port}` }],
});

/** Starts an agent whose connector `db` has `port` as its target. */
async function startAgentTo(pair: Pair, name: string, port: number): Promise<void> {
  await pair.startAgent(name, connectorTo(port));
  await pair.connected(name);
}

/** Sends one question through the gateway. Returns the agent that carried it and the number of attempts. */
async function sendOnce(pair: Pair, question = 'hello'): Promise<{ agent: unknown; attempts: unknown }> {
  const opened = pair.event('connection-opened');
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo(question), question);
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  const { agent, attempts } = await opened;
  return { agent, attempts };
}

test('if one agent cannot reach the target another one does, and every byte arrives exactly once', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startRecording();
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: {},
    // Without ejection, the failing agent is tried first for half of the clients.
    gateway: { ejection: { consecutiveFailures: 1000 } },
  });
  await startAgentTo(pair, 'a1', await unusedPort());
  await startAgentTo(pair, 'a2', target.address.port);
  const questions = Array.from({ length: 60 }, (_, index) => `question ${index};`);
  await Promise.all(
    questions.map(async (question) => {
      await using client = await clientOf(pair, 'db');
      // Sent before the gateway has sent an open.
      assert.equal(await client.echo(question), question);
      client.finish();
      assert.equal((await client.receive()).ended, 'fin');
    }),
  );
  assert.deepEqual(target.received.toSorted(), questions.toSorted());
  assert.ok(pair.logged.some(({ event, program }) => event === 'open-failed' && program === 'a1'));
  assert.ok(pair.logged.every(({ event }) => event !== 'connection-failed'));
  await expectIdle(pair);
});

test('no byte of a client leaves before a target has answered', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startRecording();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using pair = await startPair({
    targets: { db: `db.internal:${target.address.port}` },
    lookup: async () => {
      await gate;
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  await using client = await clientOf(pair, 'db');
  client.send('x'.repeat(200_000));
  await eventually('an agent to dial', () =>
    [...pair.agents.values()].some((agent) => agent.status().streams.opening > 0),
  );
  assert.deepEqual(target.received, []);
  open();
  assert.equal((await client.read(200_000)).length, 200_000);
  assert.equal(target.received.join('').length, 200_000);
});

test('pools are used in the order of the connection, however busy the first one is', async () => {
  await using _leaks = expectNoLeaks();
  await using first = await startRecording('dc1 ');
  await using second = await startRecording('dc2 ');
  await using pair = await startPair({
    targets: { db: first.address.port },
    agents: { a1: 'dc1', b1: 'dc2' },
  });
  pair.agents.get('b1')?.apply(pair.agentConfig('b1', { version: 2, ...connectorTo(second.address.port) }));
  const clients = await Promise.all(Array.from({ length: 20 }, () => clientOf(pair, 'db')));
  for (const client of clients) assert.equal(await client.echo('where am I?').catch(String), 'dc1 where a');
  await pair.stopAgent('a1');
  await using client = await clientOf(pair, 'db');
  client.send('and now?');
  assert.equal(String(await client.read(12)), 'dc2 and now?');
  await pair.startAgent('a1');
  await pair.connected('a1');
  await using back = await clientOf(pair, 'db');
  back.send('home?');
  assert.equal(String(await back.read(9)), 'dc1 home?');
  for (const each of clients) await each[Symbol.asyncDispose]();
});

test('an agent whose opens keep failing is skipped, and tried again after the ejection', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: {},
    gateway: { ejection: { consecutiveFailures: 3, baseDuration: '1s' } },
  });
  await startAgentTo(pair, 'a1', await unusedPort());
  await startAgentTo(pair, 'a2', target.address.port);
  const ejected = pair.event('agent-ejected');
  const outcomes: Awaited<ReturnType<typeof sendOnce>>[] = [];
  while (outcomes.filter(({ attempts }) => attempts === 2).length < 3) outcomes.push(await sendOnce(pair));
  assert.equal((await ejected)['agent'], 'a1');
  for (let time = 0; time < 10; time += 1) {
    assert.deepEqual(await sendOnce(pair), { agent: 'a2', attempts: 1 });
  }
  // It works again, and is used again once its ejection is over.
  pair.agents.get('a1')?.apply(pair.agentConfig('a1', { version: 2, ...connectorTo(target.address.port) }));
  await eventually('a1 to be used again', async () => (await sendOnce(pair)).agent === 'a1');
});

test('if every agent fails none is skipped, and all serve clients once the target is back', async () => {
  await using _leaks = expectNoLeaks();
  const port = await unusedPort();
  await using pair = await startPair({
    targets: { db: port },
    gateway: { ejection: { consecutiveFailures: 2 } },
  });
  for (let time = 0; time < 10; time += 1) {
    await expectReset(pair, 'db');
  }
  assert.deepEqual(
    pair.logged.filter(({ event }) => event === 'agent-ejected'),
    [],
  );
  const failed = pair.logged.filter(({ event }) => event === 'connection-failed');
  assert.deepEqual(
    failed.map(({ code }) => code),
    Array.from({ length: 10 }, () => 'REFUSED'),
  );
  await expectIdle(pair);
});

test('an agent that dies under load affects no new client, and its own clients are reset', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startRecording();
  await using pair = await startPair({
    targets: { db: target.address.port },
    // Many sessions and few attempts: the sessions of the dead agent must not use up the attempts.
    agent: { gateway: { sessions: 4 } },
    gateway: { dial: { maxAttempts: 2 }, tunnel: { memoryBudget: '16MiB' } },
  });
  const clients = await Promise.all(Array.from({ length: 40 }, () => clientOf(pair, 'db')));
  await Promise.all(clients.map((client) => client.echo('open')));
  const onFirst = pair.logged.filter(
    ({ event, agent }) => event === 'connection-opened' && agent === 'a1',
  ).length;
  assert.ok(onFirst > 0 && onFirst < 40, `${onFirst} of 40 are on one agent.`);
  const outcomes = Promise.all(
    clients.map(async (client) => ({ client, ended: await client.receive().then(({ ended }) => ended) })),
  );
  const stopped = pair.stopAgent('a1');
  const questions = Array.from({ length: 100 }, (_, index) => `question ${index};`);
  await Promise.all(
    questions.map(async (question) => {
      await using client = await clientOf(pair, 'db');
      assert.equal(await client.echo(question), question);
    }),
  );
  await stopped;
  assert.ok(pair.logged.every(({ event }) => event !== 'connection-failed'));
  const sent = target.received.filter((text) => text.startsWith('question')).toSorted();
  assert.deepEqual(sent, questions.toSorted());
  // Clients of the other agent are still connected.
  const stillOpen = clients.filter(({ socket }) => !socket.destroyed);
  assert.equal(stillOpen.length, 40 - onFirst);
  for (const client of clients) client.finish();
  const resets = (await outcomes).filter(({ ended }) => ended === 'reset').length;
  assert.equal(resets, onFirst);
  for (const client of clients) await client[Symbol.asyncDispose]();
  await expectIdle(pair);
});

test('a link that fails more often than a dial has attempts delays a client, and does not refuse it', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startRecording();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using pair = await startPair({
    targets: { db: `db.internal:${target.address.port}` },
    agents: {},
    gateway: { dial: { attemptTimeout: '1m', totalTimeout: '1m', maxAttempts: 1 } },
    lookup: async () => {
      await gate;
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('a1', {
    gateway: { url: `https://127.0.0.1:${relay.address.port}`, sessions: 1 },
    tunnel: { reconnect: { base: '100ms', max: '100ms' } },
    dns: { cacheTtl: '0s' },
  });
  await pair.connected('a1');
  await using client = await clientOf(pair, 'db');
  client.send('hello');
  // Counted by the gateway's log: an agent that is back soon dials again before anyone sees that it had given up.
  const dialsAgain = (lost: number) => () =>
    pair.logged.filter(({ event }) => event === 'connection-retried').length === lost &&
    [...pair.agents.values()].some((agent) => agent.status().streams.opening > 0);
  for (let lost = 0; lost < 3; lost += 1) {
    await eventually('the agent to dial', dialsAgain(lost));
    relay.cut();
  }
  await eventually('the agent to dial', dialsAgain(3));
  open();
  assert.equal(String(await client.read(5)), 'hello');
  assert.equal((await pair.event('connection-opened', { past: true }))['attempts'], 4);
});
