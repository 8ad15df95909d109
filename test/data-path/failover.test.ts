import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { clientOf, expectReset } from './client-of.ts';
import { expectIdle } from './idle.ts';
import { startRecording } from './recording-target.ts';

const connectorTo = (port: number) => ({
  connectors: [{ name: 'db', kind: 'tcp', address: `127.0.0.1:${port}` }],
});

/** Starts an agent whose connector `db` leads to `port`. */
async function startAgentTo(pair: Pair, name: string, port: number): Promise<void> {
  await pair.startAgent(name, connectorTo(port));
  await pair.connected(name);
}

/** Asks through the gateway once and says which agent carried it, after how many attempts. */
async function askOnce(pair: Pair, question = 'hello'): Promise<{ agent: unknown; attempts: unknown }> {
  const opened = pair.event('connection-opened');
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo(question), question);
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  const { agent, attempts } = await opened;
  return { agent, attempts };
}

test('where one agent cannot reach the target another does, and every byte arrives exactly once', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startRecording();
  await using pair = await startPair({
    targets: { db: target.address.port },
    agents: {},
    // No ejection: half of the clients meet the failing agent first.
    gateway: { ejection: { consecutiveFailures: 1000 } },
  });
  await startAgentTo(pair, 'a1', await unusedPort());
  await startAgentTo(pair, 'a2', target.address.port);
  const questions = Array.from({ length: 60 }, (_, index) => `question ${index};`);
  await Promise.all(
    questions.map(async (question) => {
      await using client = await clientOf(pair, 'db');
      // Said before the gateway has even asked an agent.
      assert.equal(await client.echo(question), question);
      client.finish();
      assert.equal((await client.receive()).ended, 'fin');
    }),
  );
  assert.deepEqual(target.heard.toSorted(), questions.toSorted());
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
  assert.deepEqual(target.heard, []);
  open();
  assert.equal((await client.read(200_000)).length, 200_000);
  assert.equal(target.heard.join('').length, 200_000);
});

test('pools are asked in the order of the connection, however busy the first one is', async () => {
  await using _leaks = expectNoLeaks();
  await using first = await startRecording('dc1 ');
  await using second = await startRecording('dc2 ');
  await using pair = await startPair({
    targets: { db: first.address.port },
    agents: { a1: 'dc1', b1: 'dc2' },
  });
  pair.agents.get('b1')?.apply(pair.agentConfig('b1', { version: 2, ...connectorTo(second.address.port) }));
  const held = await Promise.all(Array.from({ length: 20 }, () => clientOf(pair, 'db')));
  for (const client of held) assert.equal(await client.echo('where am I?').catch(String), 'dc1 where a');
  await pair.stopAgent('a1');
  await using client = await clientOf(pair, 'db');
  client.send('and now?');
  assert.equal(String(await client.read(12)), 'dc2 and now?');
  await pair.startAgent('a1');
  await pair.connected('a1');
  await using back = await clientOf(pair, 'db');
  back.send('home?');
  assert.equal(String(await back.read(9)), 'dc1 home?');
  for (const each of held) await each[Symbol.asyncDispose]();
});

test('an agent whose opens keep failing is passed over, and tried again in time', async () => {
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
  const asked: Awaited<ReturnType<typeof askOnce>>[] = [];
  while (asked.filter(({ attempts }) => attempts === 2).length < 3) asked.push(await askOnce(pair));
  assert.equal((await ejected)['agent'], 'a1');
  for (let time = 0; time < 10; time += 1) {
    assert.deepEqual(await askOnce(pair), { agent: 'a2', attempts: 1 });
  }
  // It is well again, and gets its share when its time is over.
  pair.agents.get('a1')?.apply(pair.agentConfig('a1', { version: 2, ...connectorTo(target.address.port) }));
  await eventually('a1 to be asked again', async () => (await askOnce(pair)).agent === 'a1');
});

test('when every agent fails none is passed over, and all serve as soon as the target is back', async () => {
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

test('an agent that dies under load costs no client that comes, and the living are told', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startRecording();
  await using pair = await startPair({
    targets: { db: target.address.port },
    // Many sessions, and few attempts: the sessions of the dead must not use them up.
    agent: { gateway: { sessions: 4 } },
    gateway: { dial: { maxAttempts: 2 }, tunnel: { memoryBudget: '16MiB' } },
  });
  const held = await Promise.all(Array.from({ length: 40 }, () => clientOf(pair, 'db')));
  await Promise.all(held.map((client) => client.echo('held')));
  const held1 = pair.logged.filter(
    ({ event, agent }) => event === 'connection-opened' && agent === 'a1',
  ).length;
  assert.ok(held1 > 0 && held1 < 40, `${held1} of 40 are on one agent.`);
  const outcomes = Promise.all(
    held.map(async (client) => ({ client, ended: await client.receive().then(({ ended }) => ended) })),
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
  const asked = target.heard.filter((said) => said.startsWith('question')).toSorted();
  assert.deepEqual(asked, questions.toSorted());
  // Those on the other agent still live.
  const stillOpen = held.filter(({ socket }) => !socket.destroyed);
  assert.equal(stillOpen.length, 40 - held1);
  for (const client of held) client.finish();
  const resets = (await outcomes).filter(({ ended }) => ended === 'reset').length;
  assert.equal(resets, held1);
  for (const client of held) await client[Symbol.asyncDispose]();
  await expectIdle(pair);
});
