import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { DialScene } from './dial-scene.ts';

test('without an agent a client waits, and is served when one connects', async () => {
  const scene = new DialScene();
  scene.wait = () => {
    scene.add('b1', 'dc2');
    return Promise.resolve();
  };
  const { agent, attempts } = await scene.dial();
  assert.deepEqual([agent, attempts], ['b1', 1]);
  assert.deepEqual(scene.waits[0]?.slice(0, 2), ['dc1', { remaining: 10_000, waited: 0 }]);
});

test('every further wait gets the remaining time', async () => {
  const scene = new DialScene();
  scene.wait = async () => {
    await scene.clock.pass(1_500);
    if (scene.waits.length === 3) scene.add('a1', 'dc1');
  };
  await scene.dial();
  assert.deepEqual(
    scene.waits.map(([, limits]) => limits),
    [
      { remaining: 10_000, waited: 0 },
      { remaining: 8_500, waited: 1_500 },
      { remaining: 7_000, waited: 3_000 },
    ],
  );
});

test('after a lost session a dial waits for an agent, and fails with SESSION_LOST if none connects', async () => {
  for (const comesBack of [true, false]) {
    const scene = new DialScene();
    const session = scene.add('a1', 'dc1', 'SESSION_LOST');
    scene.wait = async () => {
      if (!comesBack) throw new TunnelError('QUEUE_TIMEOUT');
      session.acceptsOpens = true;
      session.outcome = 'ok';
    };
    const dialing = scene.dial();
    session.acceptsOpens = false;
    if (comesBack) assert.equal((await dialing).attempts, 2);
    else
      await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'SESSION_LOST');
    assert.equal(scene.waits.length, 1);
  }
});

test('a dial does not wait when all agents are overloaded', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1', 'AGENT_OVERLOADED');
  scene.add('b1', 'dc2', 'AGENT_OVERLOADED');
  await scene.fails('AGENT_OVERLOADED');
  assert.deepEqual(scene.waits, []);
});

test('the failure of the queue is the failure of the dial', async () => {
  for (const code of ['NO_AGENT', 'QUEUE_FULL', 'QUEUE_TIMEOUT'] as const) {
    const scene = new DialScene();
    scene.wait = () => Promise.reject(new TunnelError(code));
    await scene.fails(code);
  }
});

test('a dial fails with UNKNOWN_CONNECTOR when no available agent has the connector', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1').connectors = ['another'];
  await scene.fails('UNKNOWN_CONNECTOR');
  scene.wait = () => Promise.reject(new TunnelError('QUEUE_FULL'));
  await scene.fails('QUEUE_FULL');
});

test('a client that waited in vain is failed with what the connected agents are', async () => {
  const scene = new DialScene();
  for (const [name, reason] of [
    ['a1', 'suspended'],
    ['a2', 'suspended'],
    ['a3', 'draining'],
  ] as const) {
    const session = scene.add(name, 'dc1');
    session.acceptsOpens = false;
    session.unavailableFor = reason;
  }
  scene.wait = () => Promise.reject(new TunnelError('QUEUE_TIMEOUT', 'No agent became available.'));
  await assert.rejects(scene.dial(), {
    code: 'QUEUE_TIMEOUT',
    message:
      'No agent became available. Connected agents: 2 drained by an operator or quarantined, 1 draining.',
  });
});
