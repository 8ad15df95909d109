import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { startForgetting } from '../../src/fleet/forget-absent.ts';
import { absentView, testView } from './test-view.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function forgetting(agents: readonly AgentView[], clock = fakeClock()) {
  const forgotten: string[] = [];
  const logged: string[] = [];
  const left = new Set(agents);
  const stop = startForgetting({
    fleet: { agentsAfter: () => left },
    forget: async (id) => {
      forgotten.push(id);
      for (const agent of left) if (agent.id === id) left.delete(agent);
      return true;
    },
    forgetAfter: (pool) => (pool === 'dc1' ? HOUR : 0),
    isLeader: () => true,
    isWhole: () => true,
    clock,
    log: (event) => void logged.push(event),
  });
  return { clock, forgotten, logged, stop };
}

test('an agent that has been gone for long is removed, counted from its last heartbeat', async () => {
  const clock = fakeClock();
  const gone = absentView('pod-1', { lastHeartbeat: clock.wall() - 30 * MINUTE });
  const { forgotten, logged, stop } = forgetting([testView('pod-2'), gone], clock);
  await clock.pass(28 * MINUTE);
  assert.deepEqual(forgotten, []);
  await clock.pass(4 * MINUTE);
  assert.deepEqual(forgotten, ['agt_pod-1']);
  assert.deepEqual(logged, ['agent-forgotten']);
  await stop();
  assert.deepEqual(clock.waiting, []);
});

test('one that was not seen since the gateway started is gone since then, or since its certificate expired', async () => {
  const clock = fakeClock();
  const valid = absentView('pod-1', { identityNotAfter: clock.wall() + 24 * HOUR });
  const expired = absentView('pod-2', { identityNotAfter: clock.wall() - 2 * HOUR });
  const { forgotten, stop } = forgetting([testView('pod-3'), valid, expired], clock);
  await clock.pass(4 * MINUTE);
  assert.deepEqual(forgotten, [], 'agents may still reconnect');
  await clock.pass(2 * MINUTE);
  assert.deepEqual(forgotten, ['agt_pod-2']);
  await clock.pass(HOUR);
  assert.deepEqual(forgotten, ['agt_pod-2', 'agt_pod-1']);
  await stop();
});

test('nobody is removed while no agent of the pool is connected, from other pools, or when revoked', async () => {
  const clock = fakeClock();
  const old = { lastHeartbeat: clock.wall() - 24 * HOUR };
  const alone = forgetting([absentView('a', old), testView('b', { pool: 'dc2' })], clock);
  const others = forgetting(
    [testView('c'), absentView('d', { ...old, pool: 'dc2' }), absentView('e', { ...old, state: 'revoked' })],
    clock,
  );
  await clock.pass(HOUR);
  assert.deepEqual([...alone.forgotten, ...others.forgotten], []);
  await alone.stop();
  await others.stop();
});
