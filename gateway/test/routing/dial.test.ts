import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { DialScene, LIMITS } from './dial-scene.ts';

test('the least loaded session of the preferred pool gets the open', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1').load = 2;
  const quiet = scene.add('a2', 'dc1');
  scene.add('b1', 'dc2');
  const { target, ...dialed } = await scene.dial();
  assert.equal(target, quiet.target);
  assert.deepEqual(dialed, {
    agentId: 'id-a2',
    bootId: 'boot',
    agent: 'a2',
    pool: 'dc1',
    connector: 'orders-db',
    replica: undefined,
    attempts: 1,
  });
  assert.deepEqual(scene.opened, ['a2']);
  const { signal: _signal, onSilent: _onSilent, ...request } = quiet.requests[0] ?? {};
  assert.deepEqual(request, {
    clientPort: undefined,
    address: undefined,
    secure: undefined,
    carry: undefined,
    connector: 'orders-db',
    connection: 'orders',
    client: '10.0.0.9',
    timeout: 5_000,
  });
});

test('after a failed open another agent is tried, first in the same pool, then in the next', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1', 'REFUSED');
  scene.add('a2', 'dc1', 'DIAL_TIMEOUT').load = 1;
  scene.add('b1', 'dc2');
  const { agent, attempts } = await scene.dial();
  assert.deepEqual([agent, attempts], ['b1', 3]);
  assert.deepEqual(
    scene.logged.map(({ event, agent: next, attempt, code }) => [event, next, attempt, code]),
    [
      ['connection-retried', 'a2', 2, 'REFUSED'],
      ['connection-retried', 'b1', 3, 'DIAL_TIMEOUT'],
    ],
  );
});

test('no agent is tried twice after a failure specific to that agent', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1', 'REFUSED');
  scene.add('a1', 'dc1', 'REFUSED');
  await scene.fails('REFUSED');
  assert.deepEqual(scene.opened, ['a1']);
  assert.deepEqual(scene.waits, []);
  assert.deepEqual(scene.logged, []);
});

test('a code that no other agent can change ends the dial', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1', 'PROTOCOL_ERROR');
  scene.add('a2', 'dc1').load = 1;
  await scene.fails('PROTOCOL_ERROR');
  assert.deepEqual(scene.opened, ['a1']);
});

test('no more agents are tried than attempts are allowed, and the last failure is reported', async () => {
  const scene = new DialScene();
  for (const [index, code] of (['REFUSED', 'DNS_FAILED', 'UNREACHABLE', 'DIAL_TIMEOUT'] as const).entries()) {
    scene.add(`a${index}`, 'dc1', code).load = index;
  }
  await scene.fails('UNREACHABLE');
  assert.deepEqual(scene.opened, ['a0', 'a1', 'a2']);
});

test('after a lost session another agent is tried before another session of the same agent', async () => {
  const scene = new DialScene();
  scene.limits = { ...LIMITS, maxAttempts: 2 };
  scene.add('a1', 'dc1', 'SESSION_LOST');
  scene.add('a1', 'dc1', 'SESSION_LOST');
  scene.add('b1', 'dc2').load = 100;
  assert.equal((await scene.dial()).agent, 'b1');
});

for (const code of ['SESSION_LOST', 'AGENT_DRAINING'] as const) {
  test(`without another agent, another session of the agent is used after ${code}`, async () => {
    const scene = new DialScene();
    const ended = scene.add('a1', 'dc1', code);
    scene.add('a1', 'dc1').load = 1;
    const dialing = scene.dial();
    ended.acceptsOpens = false;
    const { agent, attempts } = await dialing;
    assert.deepEqual([agent, attempts, scene.waits.length], ['a1', 2, 0]);
  });
}

/** An agent whose every session is lost with its first open; the queue brings the next one. */
function addLosing(scene: DialScene, losses: number): void {
  const next = () => {
    scene.add('a1', 'dc1', losses > 0 ? 'SESSION_LOST' : 'ok').endsOnOpen = true;
    losses -= 1;
  };
  next();
  scene.wait = async () => {
    await scene.clock.pass(100);
    next();
  };
}

test('sessions that are lost before they answer use up no attempt', async () => {
  const scene = new DialScene();
  addLosing(scene, 19);
  assert.equal((await scene.dial()).attempts, 20);
  assert.deepEqual(
    scene.sessions.map(({ requests }) => requests.length),
    scene.sessions.map(() => 1),
  );
});

test('the deadline of the dial limits how many sessions it may lose', async () => {
  const scene = new DialScene();
  addLosing(scene, Number.POSITIVE_INFINITY);
  await scene.fails('SESSION_LOST');
  assert.equal(scene.opened.length, LIMITS.totalTimeout / 100);
});

test('an agent that did not answer on one session in time is asked on another, after all other agents', async () => {
  const scene = new DialScene();
  const congested = scene.add('a1', 'dc1', 'AGENT_TIMEOUT');
  const other = scene.add('b1', 'dc2', 'REFUSED');
  const idle = scene.add('a1', 'dc1');
  idle.load = 1;
  assert.equal((await scene.dial()).target, idle.target);
  assert.deepEqual(
    [congested, other, idle].map(({ requests }) => requests.length),
    [1, 1, 1],
  );
  idle.acceptsOpens = false;
  other.outcome = 'AGENT_TIMEOUT';
  await scene.fails('AGENT_TIMEOUT');
  assert.equal(congested.requests.length, 2, 'no session is asked twice');
});

test('a session that keeps turning opens away is asked as often as attempts are allowed, and once more', async () => {
  const scene = new DialScene();
  const session = scene.add('a1', 'dc1', 'AGENT_DRAINING');
  await scene.fails('AGENT_DRAINING');
  assert.equal(session.requests.length, LIMITS.maxAttempts + 1);
});

test('an ejected agent is tried last, after agents of other pools', async () => {
  const scene = new DialScene();
  const failing = scene.add('a1', 'dc1', 'REFUSED');
  const healthy = scene.add('a2', 'dc1');
  healthy.load = 1;
  const other = scene.add('b1', 'dc2');
  await scene.dial();
  await scene.dial();
  assert.equal(scene.logged.filter(({ event }) => event === 'agent-ejected').length, 1);
  assert.equal(failing.requests.length, 2);
  await scene.dial();
  assert.equal(failing.requests.length, 2);
  healthy.acceptsOpens = false;
  await scene.dial();
  assert.deepEqual([failing.requests.length, other.requests.length], [2, 1]);
  other.acceptsOpens = false;
  await scene.fails('REFUSED');
  assert.equal(failing.requests.length, 3);
});

test('an agent whose own check fails is tried after healthy agents and before ejected ones', async () => {
  const scene = new DialScene();
  scene.limits = { ...LIMITS, maxAttempts: 4 };
  const ejected = scene.add('a1', 'dc1', 'REFUSED');
  scene.add('a2', 'dc1', 'REFUSED').load = 5;
  scene.add('a3', 'dc1', 'REFUSED').load = 9;
  scene.add('b1', 'dc2', 'REFUSED');
  for (const _ of [1, 2]) scene.ejection.failed('orders-db', 'id-a1', 'REFUSED', ['id-a1', 'id-a2', 'id-a3']);
  scene.failing.add('id-a2');
  await scene.fails('REFUSED');
  assert.deepEqual(
    scene.records[0]?.tries.map(({ agent }) => agent),
    ['a3', 'b1', 'a2', 'a1'],
  );
  scene.failing.clear();
  ejected.acceptsOpens = false;
  await scene.fails('REFUSED');
  assert.equal(scene.records[1]?.tries[0]?.agent, 'a2');
});

test('when every check fails, checks have no effect on the order', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1').load = 1;
  scene.add('a2', 'dc1');
  for (const id of ['id-a1', 'id-a2']) scene.failing.add(id);
  assert.equal((await scene.dial()).agent, 'a2');
});

test('an attempt gets at most the remaining total time', async () => {
  const scene = new DialScene();
  const slow = scene.add('a1', 'dc1', 'wait');
  const next = scene.add('a2', 'dc1', 'wait');
  next.load = 1;
  const dialing = scene.dial();
  await scene.clock.pass(7_000);
  slow.answer('DIAL_TIMEOUT');
  await scene.clock.pass(0);
  assert.equal(next.requests[0]?.timeout, 3_000);
  await scene.clock.pass(3_000);
  next.answer('REFUSED');
  await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'REFUSED');
});

test('after the total timeout no further agent is tried', async () => {
  const scene = new DialScene();
  const slow = scene.add('a1', 'dc1', 'wait');
  scene.add('a2', 'dc1').load = 1;
  const dialing = scene.dial();
  await scene.clock.pass(10_000);
  slow.answer('DIAL_TIMEOUT');
  await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'DIAL_TIMEOUT');
  assert.deepEqual(scene.opened, ['a1']);
});

test('a client that leaves cancels the dial, and no agent is blamed', async () => {
  const scene = new DialScene();
  const session = scene.add('a1', 'dc1', 'wait');
  scene.add('a2', 'dc1').load = 1;
  const leaving = new AbortController();
  const dialing = scene.dial(leaving.signal);
  leaving.abort(new TunnelError('CLIENT_GONE'));
  await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'CLIENT_GONE');
  assert.deepEqual(scene.opened, ['a1']);
  assert.equal(
    scene.ejection.failed('orders-db', session.identity.agentId, 'REFUSED', ['id-a1', 'id-a2']),
    false,
  );
});

test('onlyAgent restricts the dial to one agent, and other options reach it', async () => {
  const scene = new DialScene();
  scene.add('a1', 'dc1');
  const other = scene.add('b1', 'dc2');
  const { agent } = await scene.dial(undefined, { onlyAgent: 'id-b1', secure: true });
  assert.equal(agent, 'b1');
  assert.equal(other.requests[0]?.secure, true);
  other.acceptsOpens = false;
  await assert.rejects(scene.dial(undefined, { onlyAgent: 'id-b1' }), { code: 'NO_AGENT' });
  assert.equal(scene.waits.length, 0);
});

test('a client that speaks first is refused when the target speaks first too', async () => {
  const scene = new DialScene();
  const session = scene.add('a1', 'dc1');
  session.kind = 'mysql';
  scene.add('b1', 'dc2');
  const { signal } = new AbortController();
  await assert.rejects(scene.dial(signal, { clientSpeaksFirst: true }), {
    code: 'CLIENT_DENIED',
    message: /agent a1\), which speaks first and cannot be reached through SNI\. Use an ingress of kind tcp/,
  });
  assert.deepEqual([scene.opened, scene.waits], [[], []]);
  assert.equal(scene.records[0]?.failure?.code, 'CLIENT_DENIED');
  await scene.dial();
  session.kind = 'postgresql';
  await scene.dial(signal, { clientSpeaksFirst: true });
  assert.deepEqual(scene.opened, ['a1', 'a1']);
  assert.deepEqual(
    session.requests.map((request) => 'clientSpeaksFirst' in request),
    [false, false],
  );
});

test('while agents are silent each session is asked once, other agents first, and none that is silent', async () => {
  const scene = new DialScene();
  scene.limits = { ...scene.limits, maxAttempts: 9 };
  const dark = scene.add('a1', 'dc1', 'wait');
  const slow = scene.add('a2', 'dc1', 'wait');
  const silent = scene.add('a3', 'dc1', 'wait');
  slow.load = 1;
  silent.load = 2;
  silent.isSuspect = true;
  const dialed = scene.dial();
  dark.requests[0]?.onSilent?.();
  dark.requests[0]?.onSilent?.();
  assert.deepEqual(
    [dark, slow, silent].map(({ requests }) => requests.length),
    [1, 1, 0],
  );
  slow.answer('ok');
  assert.equal((await dialed).agent, 'a2');
});
