import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { agentOf, stateOf } from './agent-of.ts';

/** One file for the whole pool, as pins require; the name comes from the environment of the host. */
const SHARED = { name: '${env:HOST}', identity: { directory: '${env:HOME_OF}' } };

const enforce = { pools: [{ name: 'dc1', pinning: 'enforce', queue: { limit: 8, timeout: '20s' } }] };

async function startPinned(pair: Pair, name: string, version: number) {
  Object.assign(pair.environment, { HOST: name, HOME_OF: `${pair.directory}/${name}` });
  const daemon = await pair.startAgent(name, { ...SHARED, version });
  await pair.connected(name);
  return daemon;
}

async function publish(pair: Pair, version: number) {
  const content = pair.agentFile('a1', { ...SHARED, version });
  await pair.api('POST /config-versions', { pool: 'dc1', content });
}

/** The configuration of an agent after it has reloaded another version of the shared file. */
function reloaded(pair: Pair, name: string, version: number) {
  Object.assign(pair.environment, { HOST: name, HOME_OF: `${pair.directory}/${name}` });
  return pair.agentConfig(name, { ...SHARED, version });
}

const clientOf = (pair: Pair) => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });

test('an agent that drifts is skipped, keeps its connections, and recovers when its file matches', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: {}, gateway: enforce });
  const daemon = await startPinned(pair, 'a1', 1);
  await using live = await clientOf(pair);
  assert.equal(await live.echo('before'), 'before');
  await publish(pair, 1);
  await publish(pair, 2);
  await pair.api('PUT /pins/pools/dc1', { version: 1 });
  assert.equal((await agentOf(pair, 'a1')).state, 'connected');

  await pair.api('PUT /pins/pools/dc1', { version: 2 });
  const drifted = await agentOf(pair, 'a1');
  assert.deepEqual(
    [drifted.state, drifted.code, drifted.pin?.drift],
    ['quarantined', 'CONFIG_DRIFT', 'version'],
  );
  await eventually('the agent to be notified', () => daemon.status().agentState === 'quarantined');
  assert.equal(daemon.status().pin?.drifted, true);
  assert.equal(await live.echo('still there'), 'still there');
  // This client has to wait: the only agent of the pool is suspended.
  await using waiting = await clientOf(pair);
  waiting.send('waited');
  await eventually('a client that waits', async () => {
    const { items } = await pair.api('GET /connections');
    return (items as { waiting: number }[])[0]?.waiting === 1;
  });

  daemon.apply(reloaded(pair, 'a1', 2));
  assert.equal(String(await waiting.read(6, 15_000)), 'waited');
  await stateOf(pair, 'a1', 'connected');
  assert.equal(daemon.status().pin?.drifted, false);
  assert.ok(pair.logged.some(({ event, program }) => event === 'config-in-sync' && program === 'a1'));
});

test('an agent recovers when the pin changes, and its own pin takes precedence over the pin of its pool', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {}, gateway: enforce });
  await startPinned(pair, 'a1', 1);
  await publish(pair, 1);
  await publish(pair, 2);
  await pair.api('PUT /pins/pools/dc1', { version: 2 });
  assert.equal((await agentOf(pair, 'a1')).state, 'quarantined');
  await pair.api('PUT /pins/agents/a1', { version: 1 });
  const healed = await agentOf(pair, 'a1');
  assert.deepEqual([healed.state, healed.pin?.scope], ['connected', 'agent']);
  await pair.api('DELETE /pins/agents/a1');
  assert.equal((await agentOf(pair, 'a1')).state, 'quarantined');
  await pair.api('DELETE /pins/pools/dc1');
  assert.equal((await agentOf(pair, 'a1')).state, 'connected');
});

test('a change without a new version is drift, and a pin survives a restart of the gateway', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {}, gateway: enforce });
  const daemon = await startPinned(pair, 'a1', 1);
  await publish(pair, 1);
  await pair.api('PUT /pins/pools/dc1', { version: 1 });
  const silent = pair.agentConfig('a1', { ...SHARED, version: 1, drain: { timeout: '7s' } });
  daemon.apply(silent);
  const drifted = await stateOf(pair, 'a1', 'quarantined');
  assert.equal(drifted.pin?.drift, 'content');
  assert.match(drifted.detail ?? '', /changed without a new version/);
  await pair.gateway.stop();
  await pair.restartGateway();
  const again = await stateOf(pair, 'a1', 'quarantined');
  assert.equal(again.pin?.version, 1);
  daemon.apply(reloaded(pair, 'a1', 1));
  await stateOf(pair, 'a1', 'connected');
});

test('with pinning warn, an agent that drifts is degraded and still serves', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const gateway = { pools: [{ name: 'dc1', pinning: 'warn' }] };
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: {}, gateway });
  await startPinned(pair, 'a1', 1);
  await publish(pair, 2);
  await pair.api('PUT /pins/pools/dc1', { version: 2 });
  const drifted = await agentOf(pair, 'a1');
  assert.deepEqual([drifted.state, drifted.code], ['degraded', 'CONFIG_DRIFT']);
  await using client = await clientOf(pair);
  assert.equal(await client.echo('served'), 'served');
});
