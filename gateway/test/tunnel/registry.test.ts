import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import type { Verdict } from '../../src/control-plane-port.ts';
import { Registry } from '../../src/tunnel/registry.ts';
import type { RegisteredSession } from '../../src/tunnel/session-registry.ts';

type Fields = { agent?: string; pool?: string; bootId?: string; index?: number };

/** The part of a session that the registry uses. */
class FakeSession {
  state: RegisteredSession['state'] = 'ready';
  readonly identity: Pick<RegisteredSession['identity'], 'agentId' | 'pool'>;
  readonly hello: { readonly bootId: string; readonly session: { readonly index: number } };
  readonly ends: TunnelError[] = [];
  readonly announced: Verdict[] = [];
  acceptsOpens = true;

  constructor({ agent = 'a1', pool = 'dc1', bootId = 'boot', index = 0 }: Fields) {
    this.identity = { agentId: agent, pool };
    this.hello = { bootId, session: { index } };
  }

  end(error: TunnelError): void {
    this.ends.push(error);
  }

  announce(verdict: Verdict): void {
    this.announced.push(verdict);
  }
}

const session = (fields: Fields = {}) =>
  new FakeSession(fields) as unknown as RegisteredSession & FakeSession;

test('sessions are found by pool and agent, and removed at their end', () => {
  const registry = new Registry({ sessionsPerAgent: 4 });
  const first = session({ index: 0 });
  const second = session({ index: 1 });
  const other = session({ agent: 'b1', pool: 'dc2' });
  for (const each of [first, second, other]) assert.equal(registry.admit(each), undefined);
  assert.deepEqual([...registry.sessionsOf('dc1')], [first, second]);
  assert.deepEqual([...registry.sessions()], [first, second, other]);
  assert.deepEqual([...registry.sessionsOfAgent('b1')], [other]);
  first.state = 'ended';
  registry.ended(first, 'SESSION_LOST');
  assert.deepEqual([...registry.sessionsOf('dc1')], [second]);
  assert.deepEqual([...registry.sessionsOf('no such pool')], []);
});

test('an agent that left is distinguished from one never connected, with the time since', async () => {
  const clock = fakeClock();
  const registry = new Registry({ sessionsPerAgent: 4 }, clock.now);
  const disconnected: string[] = [];
  registry.onAgentDisconnected((agentId) => disconnected.push(agentId));
  const sessions = [session({ index: 0 }), session({ index: 1 })];
  assert.deepEqual(registry.presence('a1'), { state: 'unknown' });
  for (const each of sessions) registry.admit(each);
  assert.deepEqual(registry.presence('a1'), { state: 'connected' });
  for (const each of sessions) {
    each.state = 'ended';
    assert.deepEqual(disconnected, []);
    await clock.pass(500);
    registry.ended(each, 'SESSION_LOST');
  }
  await clock.pass(2000);
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 2000 });
  assert.deepEqual(disconnected, ['a1']);
  registry.ended(sessions[0] ?? session(), 'SESSION_LOST');
  assert.deepEqual(disconnected, ['a1'], 'an end counts once');
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 2000 });

  const back = session();
  registry.admit(back);
  assert.deepEqual(registry.presence('a1'), { state: 'connected' });
  back.state = 'ended';
  registry.ended(back, 'SESSION_LOST');
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 0 });
});

test('the session limit applies to each agent separately', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  assert.equal(registry.admit(session({ index: 0 })), undefined);
  assert.equal(registry.admit(session({ index: 1 })), undefined);
  assert.equal(registry.admit(session({ index: 2 }))?.code, 'LIMIT_EXCEEDED');
  assert.equal(registry.admit(session({ bootId: 'clone', index: 0 }))?.code, 'LIMIT_EXCEEDED');
  assert.equal(registry.admit(session({ agent: 'a2', index: 0 })), undefined);
});

test('sessions to other replicas count, and their agent is connected', async () => {
  const clock = fakeClock();
  const registry = new Registry({ sessionsPerAgent: 2 }, clock.now);
  const elsewhere = session({ index: 0 });
  registry.adopt(elsewhere);
  assert.deepEqual(registry.presence('a1'), { state: 'connected' });
  const here = session({ index: 1 });
  assert.equal(registry.admit(here), undefined);
  assert.equal(registry.admit(session({ index: 2 }))?.code, 'LIMIT_EXCEEDED');
  here.state = 'ended';
  registry.ended(here, 'SESSION_LOST');
  assert.deepEqual(registry.presence('a1'), { state: 'connected' }, 'at the other replica');
  assert.deepEqual([...registry.localSessions], []);
  elsewhere.state = 'ended';
  registry.ended(elsewhere, 'SESSION_LOST');
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 0 });
});

test('a session that replaces one in the same slot of the same process does not count twice', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  for (const index of [0, 1, 0, 1]) assert.equal(registry.admit(session({ index })), undefined);
  assert.equal(registry.admit(session({ index: 0 }))?.code, 'LIMIT_EXCEEDED', 'but there is an end to it');
});

test('draining sessions do not count, up to twice the limit in all', () => {
  const registry = new Registry({ sessionsPerAgent: 1 });
  const old = session({ bootId: 'before' });
  registry.admit(old);
  old.state = 'draining';
  assert.equal(registry.admit(session({ bootId: 'after' })), undefined);
  assert.equal(registry.admit(session({ bootId: 'more' }))?.code, 'LIMIT_EXCEEDED');
});

test('onReady listeners are called for a session that becomes ready, until they are removed', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  const ready: RegisteredSession[] = [];
  const stop = registry.onReady((each) => ready.push(each));
  const first = session();
  registry.opened(first);
  first.state = 'draining';
  registry.changed(first);
  stop();
  registry.opened(session());
  assert.deepEqual(ready, [first]);
});

test('observers are notified before onReady listeners, and of an end after the session was removed', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  const calls: string[] = [];
  registry.onReady(() => calls.push('ready'));
  const stop = registry.observe({
    opened: () => calls.push('opened'),
    changed: () => calls.push('changed'),
    ended: ({ identity }) =>
      calls.push(`ended, ${[...registry.sessionsOfAgent(identity.agentId)].length} left`),
  });
  const first = session();
  registry.admit(first);
  registry.opened(first);
  registry.changed(first);
  registry.hasRoom(first);
  assert.deepEqual(calls.splice(0), ['opened', 'ready', 'changed', 'ready', 'ready']);
  first.state = 'ended';
  registry.ended(first, 'SESSION_LOST');
  registry.ended(first, 'SESSION_LOST');
  registry.ended(session(), 'SESSION_LOST');
  assert.deepEqual(calls.splice(0), ['ended, 0 left'], 'once, and only for a session that was admitted');
  stop();
  registry.opened(session());
  assert.deepEqual(calls, ['ready']);
});

test('a verdict is announced on every session of its agent, and wakes clients where opens are accepted', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  const ready: RegisteredSession[] = [];
  registry.onReady((each) => ready.push(each));
  const sessions = [session({ index: 0 }), session({ index: 1 })];
  const other = session({ agent: 'a2' });
  for (const each of [...sessions, other]) registry.admit(each);
  const [first, second] = sessions;
  assert.ok(first && second);
  first.acceptsOpens = false;
  registry.announce('a1', { agentState: 'connected' });
  assert.deepEqual(
    [...sessions, other].map(({ announced }) => announced),
    [[{ agentState: 'connected' }], [{ agentState: 'connected' }], []],
  );
  assert.deepEqual(ready, [second]);
});

test('ending an agent ends all its sessions and no others', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  const mine = [session({ index: 0 }), session({ index: 1 })];
  const other = session({ agent: 'a2' });
  for (const each of [...mine, other]) registry.admit(each);
  const revoked = new TunnelError('IDENTITY_REVOKED');
  registry.endAgent('a1', revoked);
  assert.deepEqual(
    mine.map(({ ends }) => ends),
    [[revoked], [revoked]],
  );
  assert.deepEqual(other.ends, []);
});
