import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostPort } from '@penstock/config-schema';
import { TestAuthority } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';
import { startMuteGateway } from './mute-gateway.ts';

/** The agent's defaults. */
const DEFAULT_BACKOFF = { base: '500ms', max: '30s' };
const BACK_WITHIN = 5_000;

/** Connects through the gateway until an echo succeeds or the deadline passes. */
const serves = (pair: Pair, within: number) =>
  eventually(
    'a client to be served',
    async () => {
      await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
      return (await client.echo('hello', within)) === 'hello';
    },
    { within },
  );

test('agents reconnect to a restarted gateway within 5 s with the default backoff', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agent: { tunnel: { reconnect: DEFAULT_BACKOFF } },
  });
  for (const downtime of ['short', 'long'] as const) {
    await pair.gateway.stop();
    // Agents wait longer for a gateway that is offline for longer, but not too long.
    const failures = downtime === 'short' ? 0 : 16;
    const before = pair.logged.length;
    await eventually(
      `${failures} failed tries`,
      () => pair.logged.slice(before).filter(({ event }) => event === 'session-failed').length >= failures,
    );
    await pair.restartGateway();
    const start = performance.now();
    await serves(pair, BACK_WITHIN);
    await Promise.all(['a1', 'a2'].map((name) => pair.connected(name)));
    const took = performance.now() - start;
    assert.ok(took < BACK_WITHIN, `all agents were back after ${Math.round(took)} ms`);
  }
});

test('a restarted agent reconnects with its identity and does not use its token again', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  const { agentId } = pair.agents.get('a1')?.status() ?? {};
  await pair.stopAgent('a1');
  await pair.startAgent('a1');
  await pair.connected('a1');
  await serves(pair, BACK_WITHIN);
  assert.equal(pair.agents.get('a1')?.status().agentId, agentId);
  assert.equal(pair.logged.filter(({ event }) => event === 'agent-enrolled').length, 1);
});

test('clients wait in the queue while the only agent restarts', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  await pair.stopAgent('a1');
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
  client.send('waiting');
  await pair.startAgent('a1');
  assert.equal(String(await client.read(7)), 'waiting');
});

/** Stops and drains an agent that is blocked at the point `hangs` names, and expects both to complete without delay. */
async function endsAtOnce(
  pair: Pair,
  address: HostPort,
  pins: readonly string[],
  hangs: () => boolean,
): Promise<void> {
  const gateway = { url: `https://127.0.0.1:${address.port}`, pins };
  for (const way of ['stop', 'drain'] as const) {
    // Enrolled at the real gateway first, because the session must hang.
    const daemon = await pair.startAgent('a1');
    await pair.connected('a1');
    daemon.apply(pair.agentConfig('a1', { version: 2, gateway }));
    await eventually('the agent to hang', hangs);
    const start = performance.now();
    await daemon[way]();
    const took = performance.now() - start;
    assert.ok(took < 1_500, `${way} took ${Math.round(took)} ms`);
    await pair.stopAgent('a1');
  }
}

test('an agent stops immediately while a session waits for the TLS handshake', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  relay.stall('down');
  await endsAtOnce(pair, relay.address, pair.pins, () => relay.open > 0);
});

test('an agent stops immediately while a session waits for its welcome', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  const certificate = await (await TestAuthority.create('CA')).issue({ commonName: 'gateway' });
  await using mute = await startMuteGateway(certificate);
  let seen = 0;
  await endsAtOnce(pair, mute.address, [certificate.pin], () => {
    const more = mute.greeted > seen;
    seen = mute.greeted;
    return more;
  });
});
