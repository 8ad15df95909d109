import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { TestAuthority } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { FakeHttpProxy } from '../rig/http-proxy.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { pseudorandomHash } from '../rig/pseudorandom.ts';
import { startSource } from '../rig/targets.ts';
import { startTlsFront } from './tls-front.ts';

const SIZE = 8_000_000;

test('sessions inside the TLS of a proxy work and are kept alive', async (context) => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('Company CA');
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, authority.certificate]);
  context.after(() => setDefaultCACertificates(before));
  await using source = await startSource(SIZE, 3);
  const tunnel = { pingInterval: '100ms', pingTimeout: '1s' };
  await using pair = await startPair({
    targets: { source: source.address.port },
    agents: {},
    gateway: { tunnel },
    agent: { tunnel },
  });
  await using proxy = await FakeHttpProxy.start();
  await using front = await startTlsFront(await authority.issue({ commonName: 'proxy' }), proxy.address);
  pair.environment['HTTPS_PROXY'] = front.url;
  await pair.startAgent('a1', { gateway: { proxy: 'env' } });
  await pair.connected('a1');
  for (let round = 0; round < 3; round += 1) {
    await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('source') });
    const received = await client.receive(20_000);
    assert.deepEqual(received, { bytes: SIZE, sha256: pseudorandomHash(SIZE, 3), ended: 'fin' });
  }
  assert.equal(proxy.requests.length, 3);
  assert.deepEqual(
    pair.logged.filter(({ event }) => event === 'session-ended' || event === 'session-lost'),
    [],
  );
});
