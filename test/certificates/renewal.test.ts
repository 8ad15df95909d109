import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';

/** Milliseconds. Certificates are renewed after slightly more than half of it, because they are backdated by a third. */
const LIFETIME = 5_000;

const count = (pair: Pair, event: string) => pair.logged.filter((entry) => entry.event === event).length;
const connect = (pair: Pair) => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
const shorten = (pair: Pair) =>
  pair.gateway.apply({ ...pair.gatewayConfig, identity: { certificateLifetime: LIFETIME, renewalGrace: 0 } });

async function startShort(target: number): Promise<Pair> {
  const pair = await startPair({
    targets: { echo: target },
    agents: {},
    agent: { drain: { timeout: '0s' } },
  });
  await shorten(pair);
  return pair;
}

test('renewal under load loses neither existing nor new connections', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startShort(echo.address.port);
  for (const name of ['a1', 'a2']) {
    await pair.startAgent(name);
    await pair.connected(name);
  }
  const first = new Map([...pair.agents].map(([name, daemon]) => [name, daemon.status().identityNotAfter]));
  const held = await Promise.all(Array.from({ length: 8 }, () => connect(pair)));
  let load: 'on' | 'off' = 'on';
  const holding = held.map(async (client, index) => {
    let round = 0;
    while (load === 'on') {
      round += 1;
      assert.equal(await client.echo(`held ${index} ${round}`), `held ${index} ${round}`);
    }
    return round;
  });
  const coming = async () => {
    let served = 0;
    while (load === 'on') {
      await using client = await connect(pair);
      assert.equal(await client.echo('short'), 'short');
      served += 1;
    }
    return served;
  };
  const comers = [coming(), coming()];
  const loads = Promise.all([...holding, ...comers]);
  loads.catch(() => {});
  // Twice by each agent, so that connections also outlive the next session.
  await eventually('four renewals', () => count(pair, 'identity-renewed') >= 4, {
    state: () => pair.logged.slice(-10),
  });
  load = 'off';
  for (const rounds of await loads) assert.ok(rounds > 10);
  for (const client of held) await client[Symbol.asyncDispose]();
  for (const event of ['session-lost', 'session-refused', 'session-failed', 'connection-failed'])
    assert.equal(count(pair, event), 0, event);
  // An open that crosses the retirement of its session is retried on another session, and fails for no other reason.
  for (const { event, code } of pair.logged)
    if (event === 'connection-retried') assert.equal(code, 'AGENT_DRAINING');
  for (const [name, daemon] of pair.agents) {
    assert.notEqual(daemon.status().identityNotAfter, first.get(name));
    await pair.connected(name);
  }
});

test('a renewal with a lost answer is repeated, and the agent keeps one identity', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startShort(echo.address.port);
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${relay.address.port}` } });
  await pair.connected('a1');
  const before = pair.agents.get('a1')?.status();
  const failed = pair.event('identity-renewal-failed');
  // Signed but not yet sent: the renewal uses a connection of its own, the newest one.
  await pair.event('agent-renewed').then(() => relay.cut('newest'));
  await failed;
  assert.equal(count(pair, 'session-ended'), 0, 'the sessions did not notice');
  await pair.event('identity-renewed', { past: true });
  const after = pair.agents.get('a1')?.status();
  assert.equal(after?.agentId, before?.agentId);
  assert.notEqual(after?.identityNotAfter, before?.identityNotAfter);
  assert.equal(count(pair, 'agent-enrolled'), 1);
  await using client = await connect(pair);
  assert.equal(await client.echo('hello'), 'hello');
});

test('a restart uses the renewed identity without a token', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await shorten(pair);
  await pair.startAgent('a1');
  await pair.event('identity-renewed', { past: true });
  await pair.stopAgent('a1');
  await pair.startAgent('a1', { identity: { enrollmentToken: '${env:NOBODY:-}' } });
  await pair.connected('a1');
  assert.equal(count(pair, 'agent-enrolled'), 1);
});
