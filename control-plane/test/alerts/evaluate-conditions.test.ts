import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertCondition } from '@penstock/config-schema';
import { systemClock } from '@penstock/runtime';
import { alertConditionTexts } from '../../src/alerts/alert-conditions.ts';
import { evaluateConditions } from '../../src/alerts/evaluate-conditions.ts';
import type { FleetSnapshot } from '../../src/alerts/fleet-snapshot.ts';
import { isOlderRelease } from '../../src/fleet/older-release.ts';
import { activeCondition, agentSnapshot, connectionSnapshot, fleetSnapshot, poolSnapshot } from './scene.ts';

const all = new Set(Object.keys(alertConditionTexts) as AlertCondition[]);

const activeIn = async (changes: Partial<FleetSnapshot>, watched = all) => {
  const { active } = await evaluateConditions(fleetSnapshot(changes), watched, systemClock);
  return [...active.values()].map(({ condition, subject }) => `${condition} ${subject}`);
};

test('no condition holds in a healthy fleet', async () => {
  assert.deepEqual(await activeIn({ agents: [agentSnapshot('a1')], pools: [poolSnapshot()] }), []);
});

test('each condition holds for its subject', async () => {
  const cases: readonly (readonly [Partial<FleetSnapshot>, string])[] = [
    [{ agents: [agentSnapshot('a1', { stale: 'x', isConnected: false })] }, 'agent-stale agent:a1'],
    [{ agents: [agentSnapshot('a1', { stale: 'x' })] }, 'agent-stale agent:a1'],
    [{ agents: [agentSnapshot('a1', { skewed: 'x' })] }, 'clock-skew agent:a1'],
    [{ agents: [agentSnapshot('a1', { expiring: 'x', isConnected: false })] }, 'identity-expiring agent:a1'],
    [{ agents: [agentSnapshot('a1', { drifted: 'x' })] }, 'config-drift agent:a1'],
    [{ agents: [agentSnapshot('a1', { cloned: 'x' })] }, 'identity-cloned agent:a1'],
    [{ agents: [agentSnapshot('a1', { softwareVersion: '1.1.9' })] }, 'software-outdated agent:a1'],
    [
      { agents: [agentSnapshot('a1', { failing: [{ connector: 'db', detail: 'x' }] })] },
      'connector-failing connector:dc1/a1/db',
    ],
    [
      { connections: [connectionSnapshot({ failed: 10, sinceFailed: 500 })] },
      'connection-failing connection:orders',
    ],
    [{ pools: [poolSnapshot({ ready: 1, minReady: 2 })] }, 'pool-below-min-ready pool:dc1'],
    [{ pools: [poolSnapshot({ waiting: 8 })] }, 'queue-near-limit pool:dc1'],
    [
      { gateway: { softwareVersion: '1.2.0', certificateNotAfter: 1 } },
      'gateway-certificate-expiring gateway',
    ],
    [{ reported: [activeCondition('rollout-halted', 'rollout:1')] }, 'rollout-halted rollout:1'],
    [{ reported: [activeCondition('restart-exhausted', 'agent:a1')] }, 'restart-exhausted agent:a1'],
  ];
  for (const [changes, expected] of cases) assert.deepEqual(await activeIn(changes), [expected]);
  assert.equal(new Set(cases.map(([, expected]) => expected.split(' ')[0])).size, all.size);
});

test('no condition holds for a queue below 80 %, a queue limit of 0, a minReady of 0 and a certificate that expires exactly at the limit', async () => {
  const pools = [
    poolSnapshot({ waiting: 7 }),
    poolSnapshot({ queueLimit: 0, waiting: 0 }),
    poolSnapshot({ ready: 0, minReady: 0 }),
  ];
  assert.deepEqual(await activeIn({ pools }), []);
  assert.deepEqual(
    await activeIn({ gateway: { softwareVersion: '1.2.0', certificateNotAfter: 7 * 86_400_000 } }),
    [],
  );
});

test('only watched conditions are evaluated', async () => {
  const agents = [agentSnapshot('a1', { stale: 'x', drifted: 'x' })];
  assert.deepEqual(await activeIn({ agents }, new Set(['config-drift'])), ['config-drift agent:a1']);
});

test('until the gateway has settled, conditions about missing agents are undecided', async () => {
  const snapshot = fleetSnapshot({
    isSettled: false,
    agents: [agentSnapshot('a1', { stale: 'x', isConnected: false }), agentSnapshot('a2')],
    pools: [poolSnapshot({ ready: 0 })],
  });
  const { active, isUndecided } = await evaluateConditions(snapshot, all, systemClock);
  assert.equal(active.size, 0);
  const keys = ['agent-stale agent:a1', 'agent-stale agent:a2', 'pool-below-min-ready pool:dc1'];
  assert.deepEqual(keys.map(isUndecided), [true, false, true]);
});

test('conditions that only a session reports are undecided while the agent has no session', async () => {
  const snapshot = fleetSnapshot({
    agents: [agentSnapshot('a1', { isConnected: false, skewed: 'old', drifted: 'old' })],
  });
  const { active, isUndecided } = await evaluateConditions(snapshot, all, systemClock);
  assert.equal(active.size, 0);
  const keys = ['agent-stale', 'clock-skew', 'identity-expiring', 'config-drift', 'software-outdated'].map(
    (each) => `${each} agent:a1`,
  );
  assert.ok(keys.every(isUndecided));
  assert.ok(isUndecided('connector-failing connector:dc1/a1/db'));
  assert.equal(isUndecided('connector-failing connector:dc1/a2/db'), false);
});

test('the clock and the unchecked connectors of a newly connected agent are undecided', async () => {
  const agents = [
    agentSnapshot('a1', {
      isClockKnown: false,
      unchecked: ['db'],
      failing: [{ connector: 'mq', detail: 'x' }],
    }),
  ];
  const { active, isUndecided } = await evaluateConditions(fleetSnapshot({ agents }), all, systemClock);
  assert.deepEqual(
    [...active.values()].map(({ subject }) => subject),
    ['connector:dc1/a1/mq'],
  );
  assert.ok(isUndecided('clock-skew agent:a1'));
  assert.ok(isUndecided('connector-failing connector:dc1/a1/db'));
  assert.equal(isUndecided('connector-failing connector:dc1/a1/other'), false);
  assert.equal(isUndecided('config-drift agent:a1'), false);
});

test('releases are compared numerically, and text that is not a version is never older', () => {
  const older: readonly (readonly [string, string])[] = [
    ['0.9.9', '0.10.0'],
    ['1.2.3', '2.0.0'],
    ['1.2.3-rc.1', '1.2.3'],
  ];
  for (const [version, other] of older) {
    assert.equal(isOlderRelease(version, other), true, `${version} < ${other}`);
    assert.equal(isOlderRelease(other, version), false, `${other} < ${version}`);
  }
  for (const text of ['', 'dev', '1.2', '1.2.3.4x', '1.2.3', 'v1.0.0']) {
    assert.equal(isOlderRelease(text, '1.2.3'), false, text);
  }
});
