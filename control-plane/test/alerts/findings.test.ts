import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertCondition } from '@penstock/config-schema';
import { alertConditionTexts } from '../../src/alerts/alert-conditions.ts';
import type { AlertFacts } from '../../src/alerts/facts.ts';
import { findingsIn } from '../../src/alerts/findings.ts';
import { isOlder } from '../../src/alerts/software-version.ts';
import { agentFacts, alertFacts, poolFacts } from './scene.ts';

const every = new Set(Object.keys(alertConditionTexts) as AlertCondition[]);

const held = (facts: Partial<AlertFacts>, asked = every) =>
  findingsIn(alertFacts(facts), asked).holding.map(({ condition, subject }) => `${condition} ${subject}`);

test('nothing holds where all is well', () => {
  assert.deepEqual(held({ agents: [agentFacts('a1')], pools: [poolFacts()] }), []);
});

test('each condition holds for what it is about', () => {
  const cases: readonly (readonly [Partial<AlertFacts>, string])[] = [
    [{ agents: [agentFacts('a1', { stale: 'x', present: false })] }, 'agent-stale agent:a1'],
    [{ agents: [agentFacts('a1', { stale: 'x' })] }, 'agent-stale agent:a1'],
    [{ agents: [agentFacts('a1', { skewed: 'x' })] }, 'clock-skew agent:a1'],
    [{ agents: [agentFacts('a1', { expiring: 'x', present: false })] }, 'identity-expiring agent:a1'],
    [{ agents: [agentFacts('a1', { drifted: 'x' })] }, 'config-drift agent:a1'],
    [{ agents: [agentFacts('a1', { cloned: 'x' })] }, 'identity-cloned agent:a1'],
    [{ agents: [agentFacts('a1', { softwareVersion: '1.1.9' })] }, 'version-behind agent:a1'],
    [
      { agents: [agentFacts('a1', { failing: [{ connector: 'db', detail: 'x' }] })] },
      'connector-failing connector:dc1/a1/db',
    ],
    [{ pools: [poolFacts({ ready: 1, minReady: 2 })] }, 'pool-below-minimum pool:dc1'],
    [{ pools: [poolFacts({ waiting: 8 })] }, 'queue-filling pool:dc1'],
    [
      { gateway: { softwareVersion: '1.2.0', certificateNotAfter: 1 } },
      'gateway-certificate-expiring gateway',
    ],
  ];
  for (const [facts, expected] of cases) assert.deepEqual(held(facts), [expected]);
  assert.equal(new Set(cases.map(([, expected]) => expected.split(' ')[0])).size, every.size);
});

test('edges: a queue below 80 %, a closed queue, a pool that needs nobody, a certificate with time left', () => {
  const pools = [
    poolFacts({ waiting: 7 }),
    poolFacts({ queueLimit: 0, waiting: 0 }),
    poolFacts({ ready: 0, minReady: 0 }),
  ];
  assert.deepEqual(held({ pools }), []);
  assert.deepEqual(held({ gateway: { softwareVersion: '1.2.0', certificateNotAfter: 7 * 86_400_000 } }), []);
});

test('only conditions that are asked for are found', () => {
  const agents = [agentFacts('a1', { stale: 'x', drifted: 'x' })];
  assert.deepEqual(held({ agents }, new Set(['config-drift'])), ['config-drift agent:a1']);
});

test('a gateway that has just started cannot tell who is away, and says so', () => {
  const facts = alertFacts({
    settled: false,
    agents: [agentFacts('a1', { stale: 'x', present: false }), agentFacts('a2')],
    pools: [poolFacts({ ready: 0 })],
  });
  const { holding, undecided } = findingsIn(facts, every);
  assert.deepEqual(holding, []);
  const open = ['agent-stale agent:a1', 'agent-stale agent:a2', 'pool-below-minimum pool:dc1'].map(undecided);
  assert.deepEqual(open, [true, false, true]);
});

test('what only a session tells of an agent is undecided while it has none', () => {
  const facts = alertFacts({ agents: [agentFacts('a1', { present: false, skewed: 'old', drifted: 'old' })] });
  const { holding, undecided } = findingsIn(facts, every);
  assert.deepEqual(holding, []);
  const keys = ['agent-stale', 'clock-skew', 'identity-expiring', 'config-drift', 'version-behind'].map(
    (each) => `${each} agent:a1`,
  );
  assert.ok(keys.every(undecided));
  assert.ok(undecided('connector-failing connector:dc1/a1/db'));
  assert.equal(undecided('connector-failing connector:dc1/a2/db'), false);
});

test('an agent that has just come has not told yet what its clock and its connectors are like', () => {
  const agents = [
    agentFacts('a1', { clockKnown: false, unchecked: ['db'], failing: [{ connector: 'mq', detail: 'x' }] }),
  ];
  const { holding, undecided } = findingsIn(alertFacts({ agents }), every);
  assert.deepEqual(
    holding.map(({ subject }) => subject),
    ['connector:dc1/a1/mq'],
  );
  assert.ok(undecided('clock-skew agent:a1'));
  assert.ok(undecided('connector-failing connector:dc1/a1/db'));
  assert.equal(undecided('connector-failing connector:dc1/a1/other'), false);
  assert.equal(undecided('config-drift agent:a1'), false);
});

test('releases are compared by number, and what is no version is never older', () => {
  const older: readonly (readonly [string, string])[] = [
    ['0.9.9', '0.10.0'],
    ['1.2.3', '2.0.0'],
    ['1.2.3-rc.1', '1.2.3'],
  ];
  for (const [one, other] of older) {
    assert.equal(isOlder(one, other), true, `${one} < ${other}`);
    assert.equal(isOlder(other, one), false, `${other} < ${one}`);
  }
  for (const strange of ['', 'dev', '1.2', '1.2.3.4x', '1.2.3', 'v1.0.0']) {
    assert.equal(isOlder(strange, '1.2.3'), false, strange);
  }
});
