import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

type Compared = {
  readonly version: number;
  readonly pinned: {
    readonly version: number;
    readonly changes: readonly { path: string; kind: string; before: string; after: string }[];
  };
};

/** Requests logs and a check, which agents answer in every state. */
async function expectAnswers(pair: Pair): Promise<void> {
  const { lines } = (await pair.api('POST /agents/a1/logs', { limit: 5 })) as { lines: unknown[] };
  assert.ok(lines.length > 0);
  assert.equal((await pair.api('POST /agents/a1/check', { connector: 'echo' }))['reach'], 'ready');
}

test('a quarantined agent answers, and both programs compare its file with the pinned version', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { pools: [{ name: 'dc1', pinning: 'enforce' }] },
  });
  const content = pair.agentFile('a1', { version: 2, drain: { timeout: '1m' } });
  await pair.api('POST /config-versions', { pool: 'dc1', content });
  await pair.api('PUT /pins/pools/dc1', { version: 2 });
  const daemon = pair.agents.get('a1');
  await eventually('the agent to be quarantined', () => daemon?.status().agentState === 'quarantined');
  await expectAnswers(pair);

  const atGateway = (await pair.api('GET /agents/a1/config')) as unknown as Compared;
  assert.deepEqual([atGateway.version, atGateway.pinned.version], [1, 2]);
  assert.deepEqual(
    atGateway.pinned.changes.map(({ path, kind }) => [path, kind]),
    [
      ['version', 'changed'],
      ['drain', 'removed'],
    ],
  );
  const response = await fetch(`http://127.0.0.1:${daemon?.local.port}/pinned`, {
    headers: { connection: 'close' },
  });
  const atAgent = (await response.json()) as Compared;
  assert.deepEqual(atAgent.pinned, atGateway.pinned);
});

test('drained agents and agents with failing connectors answer requests', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { health: { heartbeatInterval: '1s' } },
    agent: {
      connectors: [
        { name: 'echo', kind: 'tcp', address: `127.0.0.1:${echo.address.port}` },
        { name: 'gone', kind: 'postgresql', address: '127.0.0.1:1', check: { interval: '1s' } },
      ],
    },
  });
  await eventually(
    'the failing check to reach the gateway',
    async () => (await pair.api('GET /agents/a1'))['state'] === 'degraded',
    { within: 20_000 },
  );
  await expectAnswers(pair);
  await pair.api('POST /agents/a1/drain');
  await expectAnswers(pair);
});

test('logs require the approval of an admin if the pool requires it', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { pools: [{ name: 'dc1', requireApproval: ['logs'] }] },
  });
  const { token } = await pair.api('POST /admin-tokens', { name: 'night shift', role: 'operator' });
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
      body: '{}',
    });
    return { status: response.status, body: (await response.json()) as { id: string; state: string } };
  };
  const waiting = await ask('/agents/a1/logs');
  assert.deepEqual([waiting.status, waiting.body.state], [202, 'pending']);
  const approved = await pair.api(`POST /approvals/${waiting.body.id}/approve`);
  assert.equal(approved['state'], 'done', JSON.stringify(approved));
  const { value } = (await pair.api(`GET /approvals/${waiting.body.id}/result`)) as {
    value: { lines: unknown[] };
  };
  assert.ok(value.lines.length > 0);
});
