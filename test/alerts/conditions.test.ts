import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';

const allConditions = {
  health: { heartbeatInterval: '200ms', staleAfter: '3s' },
  pools: [{ name: 'dc1', pinning: 'warn' }],
  alerts: [
    'agent-stale',
    'clock-skew',
    'config-drift',
    'connector-failing',
    'software-outdated',
    'identity-expiring',
    'gateway-certificate-expiring',
    'pool-below-min-ready',
    'queue-near-limit',
  ].map((condition) => ({ condition, receivers: ['nobody'] })),
  receivers: [{ name: 'nobody', webhook: '${env:NOBODY}' }],
};

type Alert = { readonly condition: string; readonly subject: string; readonly detail: string };

const firing = async (pair: Pair) =>
  (await pair.api('GET /alerts?state=firing'))['items'] as readonly Alert[];

/** Waits until exactly these alerts fire, written as `condition subject`, and returns them. */
function fires(pair: Pair, ...expected: readonly string[]): Promise<readonly Alert[]> {
  return eventually(
    `${expected.join(', ') || 'no alert'} to fire`,
    async () => {
      const alerts = await firing(pair);
      assert.deepEqual(alerts.map(({ condition, subject }) => `${condition} ${subject}`).sort(), expected);
      return alerts;
    },
    { within: 20_000 },
  );
}

test('real agents: a skewed clock, a missing target, a configuration other than the pinned one', async () => {
  await using _leaks = expectNoLeaks();
  const port = await unusedPort();
  await using pair = await startPair({
    targets: { orders: port },
    agents: { a1: 'dc1' },
    environment: { NOBODY: `http://127.0.0.1:${port}/` },
    gateway: allConditions,
    agent: {
      connectors: [{ name: 'orders', kind: 'tcp', address: `127.0.0.1:${port}`, check: { interval: '1s' } }],
    },
    clock: { ...systemClock, wall: () => Date.now() + 90_000 },
  });
  const [skew, failing] = await fires(
    pair,
    'clock-skew agent:a1',
    'connector-failing connector:dc1/a1/orders',
  ).then((alerts) => alerts.toSorted((one, other) => (one.condition < other.condition ? -1 : 1)));
  assert.match(skew?.detail ?? '', /^It is (8|9)\d\.\d s ahead\.$/);
  assert.match(failing?.detail ?? '', /^The target refused the connection\./);

  await pair.api('POST /config-versions', { pool: 'dc1', content: pair.agentFile('a1', { version: 2 }) });
  await pair.api('PUT /pins/pools/dc1', { version: 2 });
  const all = ['clock-skew agent:a1', 'config-drift agent:a1', 'connector-failing connector:dc1/a1/orders'];
  await fires(pair, ...all);

  // A restarted gateway resolves none of these before the agent has had time to report them again.
  await pair.gateway.stop();
  await pair.restartGateway();
  await pair.connected('a1');
  await fires(pair, ...all);

  // Of a disconnected agent, none of these facts is known, so the alerts keep their state.
  await pair.stopAgent('a1');
  await fires(pair, 'agent-stale agent:a1', ...all, 'pool-below-min-ready pool:dc1');
  const { items } = await pair.api('GET /alerts?state=resolved');
  const resolvedByMistake = (items as Alert[]).filter(({ condition, subject }) =>
    all.includes(`${condition} ${subject}`),
  );
  assert.deepEqual(resolvedByMistake, []);
});
