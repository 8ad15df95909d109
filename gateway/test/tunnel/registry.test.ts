import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Registry } from '../../src/tunnel/registry.ts';
import type { AgentSession } from '../../src/tunnel/session.ts';

type Fields = { agent?: string; pool?: string; bootId?: string; index?: number };

/** As much of a session as a registry looks at. */
class FakeSession {
  state: AgentSession['state'] = 'ready';
  readonly identity: Pick<AgentSession['identity'], 'agentId' | 'pool'>;
  readonly hello: { readonly bootId: string; readonly session: { readonly index: number } };
  readonly ends: TunnelError[] = [];

  constructor({ agent = 'a1', pool = 'dc1', bootId = 'boot', index = 0 }: Fields) {
    this.identity = { agentId: agent, pool };
    this.hello = { bootId, session: { index } };
  }

  end(error: TunnelError): void {
    this.ends.push(error);
  }
}

const session = (fields: Fields = {}) => new FakeSession(fields) as unknown as AgentSession & FakeSession;

test('sessions are found by pool and agent, and forgotten at their end', () => {
  const registry = new Registry({ sessionsPerAgent: 4 });
  const first = session({ index: 0 });
  const second = session({ index: 1 });
  const other = session({ agent: 'b1', pool: 'dc2' });
  for (const each of [first, second, other]) assert.equal(registry.admit(each), undefined);
  assert.deepEqual([...registry.sessionsOf('dc1')], [first, second]);
  assert.deepEqual([...registry.sessions()], [first, second, other]);
  assert.deepEqual([...registry.agentsOf('dc2').keys()], ['b1']);
  first.state = 'ended';
  registry.update(first);
  assert.deepEqual([...registry.sessionsOf('dc1')], [second]);
  assert.deepEqual([...registry.sessionsOf('no such pool')], []);
});

test('an agent that left is told from one that never came, and since when it is gone', async () => {
  const clock = fakeClock();
  const registry = new Registry({ sessionsPerAgent: 4 }, clock.now);
  const gone: string[] = [];
  registry.onAgentGone((agentId) => gone.push(agentId));
  const sessions = [session({ index: 0 }), session({ index: 1 })];
  assert.deepEqual(registry.presence('a1'), { state: 'unknown' });
  for (const each of sessions) registry.admit(each);
  assert.deepEqual(registry.presence('a1'), { state: 'connected' });
  for (const each of sessions) {
    each.state = 'ended';
    assert.deepEqual(gone, []);
    await clock.pass(500);
    registry.update(each);
  }
  await clock.pass(2000);
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 2000 });
  assert.deepEqual(gone, ['a1']);
  registry.update(sessions[0] ?? session());
  assert.deepEqual(gone, ['a1'], 'an end counts once');
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 2000 });

  const back = session();
  registry.admit(back);
  assert.deepEqual(registry.presence('a1'), { state: 'connected' });
  back.state = 'ended';
  registry.update(back);
  assert.deepEqual(registry.presence('a1'), { state: 'left', goneFor: 0 });
});

test('an agent has as many sessions as it may, and another agent as many again', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  assert.equal(registry.admit(session({ index: 0 })), undefined);
  assert.equal(registry.admit(session({ index: 1 })), undefined);
  assert.equal(registry.admit(session({ index: 2 }))?.code, 'LIMIT_EXCEEDED');
  assert.equal(registry.admit(session({ bootId: 'clone', index: 0 }))?.code, 'LIMIT_EXCEEDED');
  assert.equal(registry.admit(session({ agent: 'a2', index: 0 })), undefined);
});

test('a session that takes the place of one of the same process does not count twice', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  for (const index of [0, 1, 0, 1]) assert.equal(registry.admit(session({ index })), undefined);
  assert.equal(registry.admit(session({ index: 0 }))?.code, 'LIMIT_EXCEEDED', 'but there is an end to it');
});

test('draining sessions do not count, up to as many as the others', () => {
  const registry = new Registry({ sessionsPerAgent: 1 });
  const old = session({ bootId: 'before' });
  registry.admit(old);
  old.state = 'draining';
  assert.equal(registry.admit(session({ bootId: 'after' })), undefined);
  assert.equal(registry.admit(session({ bootId: 'more' }))?.code, 'LIMIT_EXCEEDED');
});

test('whoever listens hears of every session that becomes ready, until it stops', () => {
  const registry = new Registry({ sessionsPerAgent: 2 });
  const ready: AgentSession[] = [];
  const stop = registry.onReady((each) => ready.push(each));
  const first = session();
  registry.update(first);
  first.state = 'draining';
  registry.update(first);
  stop();
  registry.update(session());
  assert.deepEqual(ready, [first]);
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
