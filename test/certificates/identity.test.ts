import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

const count = (pair: Pair, event: string) => pair.logged.filter((entry) => entry.event === event).length;
const identityFile = (pair: Pair, name: string) => join(pair.directory, name, 'current.pem');
const NO_TOKEN = { identity: { enrollmentToken: '${env:NOBODY:-}' } };
const SLOW = { tunnel: { reconnect: { base: '50ms', max: '60s' } } };

/** Sets the lifetime of certificates that the gateway issues, in milliseconds. */
const shorten = (pair: Pair, certificateLifetime: number, renewalGrace = 0) =>
  pair.gateway.apply({ ...pair.gatewayConfig, identity: { certificateLifetime, renewalGrace } });

/** An agent that enrolled, was stopped until its certificate had expired, and starts again without a token. */
async function startExpired() {
  const pair = await startPair({ targets: {}, agents: {}, agent: SLOW });
  await shorten(pair, 1_500);
  const daemon = await pair.startAgent('a1');
  await pair.event('identity-enrolled', { past: true });
  const notAfter = Date.parse(daemon.status().identityNotAfter ?? '');
  await pair.stopAgent('a1');
  await eventually('the certificate to expire', () => Date.now() > notAfter + 1_000);
  await shorten(pair, 3_600_000);
  return pair;
}

test('an expired certificate is reported, kept and retried slowly, and a token enrolls the agent again', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startExpired();
  const kept = await readFile(identityFile(pair, 'a1'), 'utf8');
  const failed = pair.event('session-failed');
  const daemon = await pair.startAgent('a1', NO_TOKEN);
  const { agentId } = daemon.status();
  const entry = await failed;
  assert.equal(entry['code'], 'IDENTITY_EXPIRED');
  assert.ok(Number(entry['retryIn']) >= 30_000);
  assert.equal(await readFile(identityFile(pair, 'a1'), 'utf8'), kept);
  assert.equal(count(pair, 'agent-enrolled'), 1);
  daemon.apply(pair.agentConfig('a1', { version: 2 }));
  await pair.connected('a1');
  assert.equal(daemon.status().agentId, agentId, 'it is the same agent, by its key');
  assert.equal(count(pair, 'agent-enrolled'), 2);
});

test('an agent with a token whose certificate has expired reconnects immediately', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startExpired();
  await pair.startAgent('a1');
  await pair.connected('a1');
  assert.equal(count(pair, 'agent-enrolled'), 2);
  assert.equal(count(pair, 'enrollment-failed'), 0);
});

test('a revoked agent is disconnected within a second with the reason, and retries slowly', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    agent: SLOW,
  });
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
  await client.echo('hello');
  const failed = pair.event('session-failed');
  const ended = client.receive();
  const start = performance.now();
  await pair.api('POST /agents/a1/revoke');
  assert.equal((await ended).ended, 'reset');
  await eventually('both sessions to end', () => count(pair, 'session-ended') === 2);
  assert.ok(performance.now() - start < 1_000);
  const entry = await failed;
  assert.equal(entry['code'], 'IDENTITY_REVOKED');
  assert.ok(Number(entry['retryIn']) >= 30_000);
  assert.match(await readFile(identityFile(pair, 'a1'), 'utf8'), /BEGIN CERTIFICATE/);
  const lost = pair.logged.filter(({ event }) => event === 'session-lost');
  assert.deepEqual(
    lost.map(({ code }) => code),
    ['IDENTITY_REVOKED', 'IDENTITY_REVOKED'],
  );
});

test('an identity of another gateway is not accepted and not deleted', async () => {
  await using _leaks = expectNoLeaks();
  await using other = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  await other.stopAgent('a1');
  await using pair = await startPair({ targets: {}, agents: {}, agent: SLOW });
  const directory = join(other.directory, 'a1');
  const failed = pair.event('session-failed');
  const daemon = await pair.startAgent('a1', { identity: { directory, ...NO_TOKEN.identity } });
  const entry = await failed;
  assert.equal(entry['code'], 'IDENTITY_UNKNOWN');
  assert.ok(Number(entry['retryIn']) >= 30_000);
  await daemon.stop();
  await other.startAgent('a1', NO_TOKEN);
  await other.connected('a1');
});

test('a renewed certificate that the gateway refuses is dropped, and the previous one stays in use', async () => {
  await using _leaks = expectNoLeaks();
  await using other = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  await pair.stopAgent('a1');
  await copyFile(identityFile(other, 'a1'), join(pair.directory, 'a1', 'next.pem'));
  const { length } = pair.logged;
  await pair.startAgent('a1', NO_TOKEN);
  await pair.connected('a1');
  const refused = pair.logged.slice(length).filter(({ event }) => event === 'agent-refused');
  assert.ok(refused.length >= 1 && refused.every(({ code }) => code === 'IDENTITY_UNKNOWN'));
  assert.equal(count(pair, 'session-failed'), 0, 'the one before was tried at once');
  assert.equal(count(pair, 'agent-enrolled'), 1);
});

test('an agent whose name differs from the one in its directory does not start, and leaves the directory as it is', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  const first = pair.agents.get('a1')?.status().agentId;
  await pair.stopAgent('a1');
  await assert.rejects(
    pair.startAgent('a1', { name: 'renamed' }),
    /the identity of a1 in pool dc1.*is for renamed/,
  );
  await pair.startAgent('a1');
  await pair.connected('a1');
  assert.equal(pair.agents.get('a1')?.status().agentId, first);
});

test('within the grace, a host that was off connects again without a token, and that is in the audit trail', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startExpired();
  await shorten(pair, 60_000, 60_000);
  const before = (await pair.api('GET /agents/a1'))['id'];
  await pair.startAgent('a1', NO_TOKEN);
  await pair.connected('a1');
  assert.equal((await pair.api('GET /agents/a1'))['id'], before);
  const { items } = await pair.api('GET /audit?action=agent.renew-expired');
  assert.equal((items as readonly unknown[]).length, 1);
});
