import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import { TestAuthority, type TestCertificate } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Logged, type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { TlsInspector } from '../rig/tls-inspector.ts';

const OTHER = `sha256/${'A'.repeat(43)}=`;

/** Makes the gateway present another certificate from the next handshake on. */
const present = (pair: Pair, { chain, key }: TestCertificate) =>
  pair.gateway.apply({ ...pair.gatewayConfig, tunnelTls: { certificate: chain, key: new Secret(key) } });

/** Enrolls an agent, starts it again with changes, and returns what it logs about the gateway. */
async function meets(pair: Pair, gateway: Readonly<Record<string, unknown>>): Promise<Logged> {
  const mistrust = pair.event('gateway-untrusted');
  await pair.startAgent('a1', { gateway, tunnel: { reconnect: { base: '50ms', max: '60s' } } });
  const entry = await mistrust;
  assert.ok(Number(entry['retryIn']) >= 30_000, 'only a person can help');
  return entry;
}

/** A pair whose agent a1 has an identity and is stopped. */
async function startEnrolled(): Promise<Pair> {
  const pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  await pair.stopAgent('a1');
  return pair;
}

test('a gateway with another key gets no session, and the message names both pins', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startEnrolled();
  const entry = await meets(pair, { pins: [OTHER] });
  assert.equal(entry['code'], 'GATEWAY_PIN_MISMATCH');
  assert.ok(String(entry['detail']).includes(pair.pins[0] ?? 'no pin'));
  assert.ok(String(entry['detail']).includes(OTHER));
  assert.equal(pair.logged.filter(({ event }) => event === 'session-opened').length, 2, 'the first two');
});

test('an agent that enrolls sends its token only to the pinned gateway', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await using inspector = await TlsInspector.start({
    to: { host: '127.0.0.1', port: pair.gateway.tunnel.port },
  });
  const failed = pair.event('enrollment-failed');
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${inspector.address.port}` } });
  assert.equal((await failed)['code'], 'GATEWAY_PIN_MISMATCH');
  assert.equal(inspector.bytesSeen, 0);
});

test('a device that inspects TLS is reported with its issuer and pin, and receives no data', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startEnrolled();
  const to = { host: '127.0.0.1', port: pair.gateway.tunnel.port };
  await using inspector = await TlsInspector.start({ to, issuer: 'Corporate Inspection CA' });
  const entry = await meets(pair, { url: `https://127.0.0.1:${inspector.address.port}` });
  const detail = String(entry['detail']);
  assert.ok(
    detail.includes('CN=Corporate Inspection CA') && detail.includes(inspector.certificate.pin),
    detail,
  );
  assert.match(detail, /exempt this host from TLS inspection/);
  assert.equal(inspector.bytesSeen, 0);
});

test('a new gateway key does not affect agents with the backup pin', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  const authority = await TestAuthority.create('Company CA');
  const next = await authority.issue({ commonName: 'gateway' });
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: {} });
  const pins = [...pair.pins.slice(0, 1), next.pin];
  await pair.startAgent('a1', { gateway: { pins } });
  await pair.connected('a1');
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
  await client.echo('before');
  await present(pair, next);
  assert.equal(await client.echo('live connections stay'), 'live connections stay');
  await pair.stopAgent('a1');
  await pair.startAgent('a1', { gateway: { pins } });
  await pair.connected('a1');
});

test('agents without the backup pin keep their sessions, and report the mismatch when they need another', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  const authority = await TestAuthority.create('Company CA');
  await present(pair, await authority.issue({ commonName: 'gateway' }));
  assert.equal(pair.agents.get('a1')?.status().sessions.ready, 2);
  await pair.stopAgent('a1');
  const entry = await meets(pair, {});
  assert.equal(entry['code'], 'GATEWAY_PIN_MISMATCH');
});

test('a pinned CA vouches for the certificate it signed, for the host it names, while it is valid', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startEnrolled();
  const authority = await TestAuthority.create('Company CA');
  const pins = [authority.pin];
  await present(pair, await authority.issue({ commonName: 'gateway' }));
  await pair.startAgent('a1', { gateway: { pins } });
  await pair.connected('a1');
  await pair.stopAgent('a1');

  await present(pair, await authority.issue({ commonName: 'db', names: ['db.example.com'] }));
  const named = await meets(pair, { pins });
  assert.equal(named['code'], 'GATEWAY_CERTIFICATE_INVALID');
  await pair.stopAgent('a1');

  const notAfter = new Date(Date.now() - 60_000);
  await present(pair, await authority.issue({ commonName: 'gateway', notAfter }));
  const expired = await meets(pair, { pins });
  assert.equal(expired['code'], 'GATEWAY_CERTIFICATE_INVALID');
  assert.match(String(expired['detail']), /Renew the certificate or correct the clock/);
});

test('a chain that contains the pinned CA without its signature is rejected', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startEnrolled();
  const authority = await TestAuthority.create('Company CA');
  const forger = await TestAuthority.create('Company CA');
  const forged = await forger.issue({ commonName: 'gateway' });
  await present(pair, { ...forged, chain: `${forged.certificate}${authority.certificate}\n` });
  const entry = await meets(pair, { pins: [authority.pin] });
  assert.equal(entry['code'], 'GATEWAY_PIN_MISMATCH');
  await eventually('nobody to be connected', () => pair.agents.get('a1')?.status().sessions.ready === 0);
});
