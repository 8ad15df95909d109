import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { GatewayLog } from '../../src/observe/event.ts';
import { type DialPorts, dial } from '../../src/routing/dial.ts';
import { Ejection } from '../../src/routing/ejection.ts';
import type { PendingQueue } from '../../src/routing/pending-queue.ts';
import { FakeSession, type Outcome } from './fake-session.ts';

const LIMITS = { attemptTimeout: 5_000, totalTimeout: 10_000, attempts: 3 };
const ROUTE = { name: 'orders', connector: 'orders-db', pools: ['dc1', 'dc2'], maxConnections: 10 };

type Waits = Parameters<PendingQueue['wait']>;

/** A gateway's routing with fakes around it. Nothing waits in the queue unless `wait` says so. */
class Scene {
  readonly clock: FakeClock = fakeClock();
  readonly sessions: FakeSession[] = [];
  readonly logged: Record<string, unknown>[] = [];
  readonly waits: Waits[] = [];
  readonly ejection = new Ejection({ failures: 2, duration: 10_000, maxPercent: 50 }, this.clock);
  limits = LIMITS;
  wait: () => Promise<void> = () => Promise.reject(new TunnelError('QUEUE_TIMEOUT'));

  add(agent: string, pool: string, outcome: Outcome = 'ok'): FakeSession {
    const session = new FakeSession(agent, pool, outcome);
    this.sessions.push(session);
    return session;
  }

  dial(signal: AbortSignal = new AbortController().signal) {
    const log: GatewayLog = (event, fields) => this.logged.push({ event, ...fields });
    const ports: DialPorts = {
      sessionsOf: (pool) => this.sessions.filter((session) => session.identity.pool === pool),
      queue: {
        wait: (...wait) => {
          this.waits.push(wait);
          return this.wait();
        },
      },
      ejection: this.ejection,
      limits: () => this.limits,
      log,
      clock: this.clock,
    };
    return dial(ROUTE, '10.0.0.9', signal, ports);
  }

  async fails(code: CloseCode): Promise<void> {
    await assert.rejects(this.dial(), (error) => error instanceof TunnelError && error.code === code);
  }

  get asked(): string[] {
    return this.sessions.flatMap(({ identity, requests }) => requests.map(() => identity.name));
  }
}

test('the least loaded session of the preferred pool is asked, with what the agent needs to know', async () => {
  const scene = new Scene();
  scene.add('a1', 'dc1').load = 2;
  const quiet = scene.add('a2', 'dc1');
  scene.add('b1', 'dc2');
  const { stream, ...dialed } = await scene.dial();
  assert.equal(stream, quiet.stream);
  assert.deepEqual(dialed, { agent: 'a2', pool: 'dc1', attempts: 1 });
  assert.deepEqual(scene.asked, ['a2']);
  const { signal: _signal, ...request } = quiet.requests[0] ?? {};
  assert.deepEqual(request, {
    connector: 'orders-db',
    connection: 'orders',
    client: '10.0.0.9',
    timeout: 5_000,
  });
});

test('after a failed open another agent is asked, in the pool first and then in the next', async () => {
  const scene = new Scene();
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

test('no agent is asked twice for what only its own view of the target decides', async () => {
  const scene = new Scene();
  scene.add('a1', 'dc1', 'REFUSED');
  scene.add('a1', 'dc1', 'REFUSED');
  await scene.fails('REFUSED');
  assert.deepEqual(scene.asked, ['a1']);
  assert.deepEqual(scene.waits, []);
  assert.deepEqual(scene.logged, []);
});

test('a code that no other agent can help ends it', async () => {
  const scene = new Scene();
  scene.add('a1', 'dc1', 'PROTOCOL_ERROR');
  scene.add('a2', 'dc1').load = 1;
  await scene.fails('PROTOCOL_ERROR');
  assert.deepEqual(scene.asked, ['a1']);
});

test('no more agents are asked than attempts are allowed, and the last failure is the answer', async () => {
  const scene = new Scene();
  for (const [index, code] of (['REFUSED', 'DNS_FAILED', 'UNREACHABLE', 'DIAL_TIMEOUT'] as const).entries()) {
    scene.add(`a${index}`, 'dc1', code).load = index;
  }
  await scene.fails('UNREACHABLE');
  assert.deepEqual(scene.asked, ['a0', 'a1', 'a2']);
});

test('a lost session leads to another agent, before another session of the same', async () => {
  const scene = new Scene();
  scene.limits = { ...LIMITS, attempts: 2 };
  scene.add('a1', 'dc1', 'SESSION_LOST');
  scene.add('a1', 'dc1', 'SESSION_LOST');
  scene.add('b1', 'dc2').load = 100;
  assert.equal((await scene.dial()).agent, 'b1');
});

test('without another agent, another session of the one that lost its session does', async () => {
  const scene = new Scene();
  const lost = scene.add('a1', 'dc1', 'SESSION_LOST');
  scene.add('a1', 'dc1').load = 1;
  const dialing = scene.dial();
  lost.takesOpens = false;
  const { agent, attempts } = await dialing;
  assert.deepEqual([agent, attempts], ['a1', 2]);
});

test('an agent whose opens keep failing is asked last, even before one of another pool', async () => {
  const scene = new Scene();
  const failing = scene.add('a1', 'dc1', 'REFUSED');
  const well = scene.add('a2', 'dc1');
  well.load = 1;
  const other = scene.add('b1', 'dc2');
  await scene.dial();
  await scene.dial();
  assert.equal(scene.logged.filter(({ event }) => event === 'agent-ejected').length, 1);
  assert.equal(failing.requests.length, 2);
  await scene.dial();
  assert.equal(failing.requests.length, 2);
  well.takesOpens = false;
  await scene.dial();
  assert.deepEqual([failing.requests.length, other.requests.length], [2, 1]);
  other.takesOpens = false;
  await scene.fails('REFUSED');
  assert.equal(failing.requests.length, 3);
});

test('while no agent is there a client waits, and is served when one comes', async () => {
  const scene = new Scene();
  scene.wait = () => {
    scene.add('b1', 'dc2');
    return Promise.resolve();
  };
  const { agent, attempts } = await scene.dial();
  assert.deepEqual([agent, attempts], ['b1', 1]);
  assert.deepEqual(scene.waits[0]?.slice(0, 2), ['dc1', { patience: 10_000, waited: 0 }]);
});

test('every wait after the first is given what is left', async () => {
  const scene = new Scene();
  scene.wait = async () => {
    await scene.clock.pass(1_500);
    if (scene.waits.length === 3) scene.add('a1', 'dc1');
  };
  await scene.dial();
  assert.deepEqual(
    scene.waits.map(([, limits]) => limits),
    [
      { patience: 10_000, waited: 0 },
      { patience: 8_500, waited: 1_500 },
      { patience: 7_000, waited: 3_000 },
    ],
  );
});

test('after a lost session it waits for an agent, and gives the loss as reason if none comes', async () => {
  for (const comesBack of [true, false]) {
    const scene = new Scene();
    const session = scene.add('a1', 'dc1', 'SESSION_LOST');
    scene.wait = async () => {
      if (!comesBack) throw new TunnelError('QUEUE_TIMEOUT');
      session.takesOpens = true;
      session.outcome = 'ok';
    };
    const dialing = scene.dial();
    session.takesOpens = false;
    if (comesBack) assert.equal((await dialing).attempts, 2);
    else
      await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'SESSION_LOST');
    assert.equal(scene.waits.length, 1);
  }
});

test('agents that all say they are overloaded are not waited for', async () => {
  const scene = new Scene();
  scene.add('a1', 'dc1', 'AGENT_OVERLOADED');
  scene.add('b1', 'dc2', 'AGENT_OVERLOADED');
  await scene.fails('AGENT_OVERLOADED');
  assert.deepEqual(scene.waits, []);
});

test('what the queue says is the answer', async () => {
  for (const code of ['NO_AGENT', 'QUEUE_FULL', 'QUEUE_TIMEOUT'] as const) {
    const scene = new Scene();
    scene.wait = () => Promise.reject(new TunnelError(code));
    await scene.fails(code);
  }
});

test('agents that are there but have no such connector are named as the reason', async () => {
  const scene = new Scene();
  scene.add('a1', 'dc1').connectors = ['another'];
  await scene.fails('UNKNOWN_CONNECTOR');
  scene.wait = () => Promise.reject(new TunnelError('QUEUE_FULL'));
  await scene.fails('QUEUE_FULL');
});

test('an attempt gets no more time than is left in all', async () => {
  const scene = new Scene();
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

test('when time is up no further agent is asked', async () => {
  const scene = new Scene();
  const slow = scene.add('a1', 'dc1', 'wait');
  scene.add('a2', 'dc1').load = 1;
  const dialing = scene.dial();
  await scene.clock.pass(10_000);
  slow.answer('DIAL_TIMEOUT');
  await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'DIAL_TIMEOUT');
  assert.deepEqual(scene.asked, ['a1']);
});

test('a client that leaves ends it at once, whatever was under way, and blames nobody', async () => {
  const scene = new Scene();
  const session = scene.add('a1', 'dc1', 'wait');
  scene.add('a2', 'dc1').load = 1;
  const leaving = new AbortController();
  const dialing = scene.dial(leaving.signal);
  leaving.abort(new TunnelError('CLIENT_GONE'));
  await assert.rejects(dialing, (error) => error instanceof TunnelError && error.code === 'CLIENT_GONE');
  assert.deepEqual(scene.asked, ['a1']);
  assert.equal(
    scene.ejection.failed('orders-db', session.identity.agentId, 'REFUSED', ['id-a1', 'id-a2']),
    false,
  );
});
