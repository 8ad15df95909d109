import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { AgentWaiters } from '../../src/routing/agent-waiters.ts';
import { Resumer } from '../../src/routing/resume.ts';
import { FakeSession } from './fake-session.ts';

const connection = {
  id: 's-1',
  agentId: 'id-a1',
  bootId: 'boot',
  connector: 'db',
  connection: 'orders',
  client: '10.0.0.9',
};

/** A resumer whose agent has the sessions of `sessions`. */
class Scene {
  readonly clock = fakeClock();
  readonly waiters = new AgentWaiters();
  readonly sessions: FakeSession[];
  readonly resumer: Resumer;

  constructor(...sessions: FakeSession[]) {
    this.sessions = sessions;
    this.resumer = new Resumer({
      sessionsOfAgent: () => this.sessions,
      sessionReady: (agentId, signal) => this.waiters.wait(agentId, signal),
      clock: this.clock,
    });
  }

  resume(milliseconds = 60_000, signal = new AbortController().signal) {
    return this.resumer.resume(connection, () => ({ received: 7, streams: 1 }), milliseconds, signal);
  }
}

test('a session that does not answer is not waited for: the next one is asked as well', async () => {
  await using _leaks = expectNoLeaks();
  const dark = new FakeSession('a1', 'dc1', 'wait');
  const live = new FakeSession('a1', 'dc1');
  live.load = 5;
  const scene = new Scene(dark, live);
  const resumed = scene.resume();
  await eventually('the first attempt', () => dark.requests.length === 1);
  assert.equal(live.requests.length, 0, 'the less loaded session is asked first');
  await scene.clock.pass(250);
  assert.equal(await resumed, live.target);
  assert.deepEqual(dark.requests[0]?.resume, { of: 's-1', received: 7, streams: 1 });
  assert.equal(dark.requests[0]?.signal.aborted, true, 'the attempt on the dark session is canceled');
});

test('a session that becomes ready is asked while another one does not answer', async () => {
  await using _leaks = expectNoLeaks();
  const dark = new FakeSession('a1', 'dc1', 'wait');
  const scene = new Scene(dark);
  const resumed = scene.resume();
  await eventually('the first attempt', () => dark.requests.length === 1);
  const next = new FakeSession('a1', 'dc1');
  scene.sessions.push(next);
  scene.waiters.wake('id-a1');
  assert.equal(await resumed, next.target);
});

test('a session that fails is asked again later, and not before the others', async () => {
  await using _leaks = expectNoLeaks();
  const first = new FakeSession('a1', 'dc1', 'SESSION_LOST');
  const second = new FakeSession('a1', 'dc1', 'AGENT_DRAINING');
  const scene = new Scene(first, second);
  const resumed = scene.resume();
  await eventually('both attempts', () => first.requests.length + second.requests.length === 2);
  first.outcome = 'ok';
  await scene.clock.pass(250);
  assert.equal(await resumed, first.target);
});

test('the agent decides when it does not have the connection, and time when it does not answer', async () => {
  await using _leaks = expectNoLeaks();
  const unknown = new Scene(new FakeSession('a1', 'dc1', 'RESUME_UNKNOWN'));
  await assert.rejects(unknown.resume(), { code: 'RESUME_UNKNOWN' });
  const none = new Scene();
  const late = assert.rejects(none.resume(1_000), { code: 'SESSION_LOST' });
  await none.clock.pass(1_000);
  await late;
});

test('the connections of an agent that was revoked wait no longer', async () => {
  await using _leaks = expectNoLeaks();
  const scene = new Scene();
  const resumed = assert.rejects(scene.resume(), {
    code: 'SESSION_LOST',
    message: 'The agent was revoked.',
  });
  scene.resumer.endAgent('id-a2', new TunnelError('INTERNAL'));
  scene.resumer.endAgent('id-a1', new TunnelError('SESSION_LOST', 'The agent was revoked.'));
  await resumed;
});

test('another process under the same identity is never asked', async () => {
  await using _leaks = expectNoLeaks();
  const clone = new FakeSession('a1', 'dc1');
  clone.bootId = 'other';
  const scene = new Scene(clone);
  assert.equal(scene.resumer.canMove(connection), false);
  const resumed = scene.resume();
  scene.resumer.end(connection, [connection.id], 'CLIENT_GONE', 1_000);
  await eventually('two waits', () => scene.clock.waiting.length >= 2);
  const own = new FakeSession('a1', 'dc1');
  scene.sessions.push(own);
  scene.waiters.wake('id-a1');
  assert.equal(await resumed, own.target);
  await eventually('the notice', () => own.ended.length === 1);
  assert.deepEqual([clone.requests.length, clone.ended.length], [0, 0]);
});

test('a connection of an agent that has restarted is given up after five seconds', async () => {
  await using _leaks = expectNoLeaks();
  const scene = new Scene();
  const resumed = assert.rejects(scene.resume(), { code: 'SESSION_LOST' });
  await scene.clock.pass(3_000);
  const restarted = new FakeSession('a1', 'dc1');
  restarted.bootId = 'other';
  scene.sessions.push(restarted);
  scene.waiters.wake('id-a1');
  await eventually('the shorter wait', () => scene.clock.waiting.includes(5_000));
  await scene.clock.pass(5_000);
  await resumed;
  assert.equal(restarted.requests.length, 0);
});
