import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { agentOf } from './agent-of.ts';

test('heartbeats reveal a clock that is wrong, and the agent is degraded', async () => {
  await using _leaks = expectNoLeaks();
  const clock = { ...systemClock, wall: () => Date.now() + 90_000 };
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    gateway: { health: { heartbeatInterval: '100ms' } },
    clock,
  });
  const agent = await eventually('the skew to be known', async () => {
    const each = await agentOf(pair, 'a1');
    return each.code === 'CLOCK_SKEW' && each;
  });
  assert.equal(agent.state, 'degraded');
  assert.ok(Math.abs((agent.clock?.skewMs ?? 0) - 90_000) < 5_000, JSON.stringify(agent.clock));
  assert.match(agent.detail ?? '', /^It is \d+\.\d s ahead\.$/);
});

test('an agent whose link goes silent is stale, and connected again when the link recovers', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: { health: { heartbeatInterval: '200ms', staleAfter: '2s' } },
    agent: { tunnel: { pingInterval: '2s', pingTimeout: '3s' } },
  });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${relay.address.port}` } });
  await pair.connected('a1');
  relay.blackHole();
  const stale = await pair.event('agent-state-changed', {
    where: ({ agent, state }) => agent === 'a1' && state === 'stale',
  });
  assert.equal(stale['code'], 'HEARTBEAT_MISSING');
  assert.equal((await agentOf(pair, 'a1')).state, 'stale');
  const back = pair.event('agent-state-changed', { where: ({ state }) => state === 'connected' });
  await relay.restore();
  await back;
});

test('a stopped agent is disconnected, and its last report is still shown', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  await pair.stopAgent('a1');
  const gone = await eventually('the end of its sessions', async () => {
    const each = await agentOf(pair, 'a1');
    return each.state === 'disconnected' && each;
  });
  assert.deepEqual([gone.code, gone.sessions.open, gone.config?.version], ['NO_SESSION', 0, 1]);
  assert.ok(gone.lastHeartbeat !== undefined && gone.platform !== undefined);
});

test('a revocation through the API closes the sessions, is shown, and survives a restart', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1', a2: 'dc1' } });
  await pair.api('POST /agents/a1/revoke');
  await eventually('no session of it', async () => (await agentOf(pair, 'a1')).sessions.open === 0);
  assert.equal((await agentOf(pair, 'a1')).state, 'revoked');
  await pair.gateway.stop();
  await pair.restartGateway();
  await pair.connected('a2');
  const revoked = await agentOf(pair, 'a1');
  assert.deepEqual([revoked.state, revoked.sessions.open], ['revoked', 0]);
});
