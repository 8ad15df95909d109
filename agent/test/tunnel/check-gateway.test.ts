import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { TestAuthority, type TestCertificate } from '../../../test/rig/certificates.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { dialGateway } from '../../src/tunnel/dial-gateway.ts';
import { GatewayError, type GatewayErrorCode } from '../../src/tunnel/gateway-error.ts';
import { startTlsGateway } from './tls-gateway.ts';

type Presented = Pick<TestCertificate, 'chain' | 'key'>;

async function dial(
  presented: Presented,
  pins: readonly string[],
  { trust = 'pins', host = '127.0.0.1' }: { trust?: 'pins' | 'system'; host?: string } = {},
): Promise<'trusted'> {
  await using gateway = await startTlsGateway({ cert: presented.chain, key: presented.key });
  const address = { host, port: gateway.address.port };
  const target = { url: `https://${host}:${address.port}`, address, pins, trust, proxy: 'none' as const };
  const signal = new AbortController().signal;
  try {
    const socket = await dialGateway(target, { identity: undefined, environment: {}, signal });
    socket.destroy();
    return 'trusted';
  } finally {
    assert.equal(gateway.bytes, 0, 'not a byte leaves before the certificate was checked');
  }
}

const refusal =
  (code: GatewayErrorCode, ...words: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.isPermanent, true);
    for (const word of words) assert.ok(error.message.includes(word), `${word} in: ${error.message}`);
    return true;
  };

const OTHER = `sha256/${'A'.repeat(43)}=`;
const authority = await TestAuthority.create('Company CA');
const leaf = await authority.issue({ commonName: 'gateway' });

test('a pinned certificate is trusted, by the current pin and by the backup pin', async () => {
  await using _leaks = expectNoLeaks();
  assert.equal(await dial(leaf, [leaf.pin]), 'trusted');
  assert.equal(await dial(leaf, [OTHER, leaf.pin]), 'trusted');
});

test('another certificate is not trusted, and the message names the presented and the pinned keys', async () => {
  await using _leaks = expectNoLeaks();
  await assert.rejects(
    dial(leaf, [OTHER]),
    refusal('GATEWAY_PIN_MISMATCH', leaf.pin, 'CN=Company CA', OTHER, 'TLS inspection'),
  );
});

test('a pinned CA vouches for the certificates it has signed, for the host they name', async () => {
  assert.equal(await dial(leaf, [authority.pin]), 'trusted');
  const elsewhere = await authority.issue({ commonName: 'db', names: ['db.example.com'] });
  await assert.rejects(dial(elsewhere, [authority.pin]), refusal('GATEWAY_CERTIFICATE_INVALID', '127.0.0.1'));
});

test('a pinned leaf certificate may have any name, because its key is the proof', async () => {
  const elsewhere = await authority.issue({ commonName: 'db', names: ['db.example.com'] });
  assert.equal(await dial(elsewhere, [elsewhere.pin]), 'trusted');
});

test('the host is checked against DNS names and addresses', async () => {
  const byName = await authority.issue({ commonName: 'gateway', names: ['localhost'] });
  assert.equal(await dial(byName, [authority.pin], { host: 'localhost' }), 'trusted');
  await assert.rejects(dial(byName, [authority.pin]), refusal('GATEWAY_CERTIFICATE_INVALID'));
});

test('appending the certificate of the pinned CA does not make a chain trusted', async () => {
  const sameName = await TestAuthority.create('Company CA');
  const forged = await sameName.issue({ commonName: 'gateway' });
  const chain = `${forged.certificate}${authority.certificate}\n`;
  await assert.rejects(
    dial({ chain, key: forged.key }, [authority.pin]),
    refusal('GATEWAY_PIN_MISMATCH', forged.pin),
  );
  const otherName = await (await TestAuthority.create('Other CA')).issue({ commonName: 'gateway' });
  await assert.rejects(
    dial({ chain: `${otherName.certificate}${authority.certificate}\n`, key: otherName.key }, [
      authority.pin,
    ]),
    refusal('GATEWAY_PIN_MISMATCH', 'CN=Other CA'),
  );
});

test('a certificate that a leaf certificate seems to have signed is not trusted', async () => {
  // A leaf certificate of the pinned CA in the place of an intermediate CA.
  const rogue = await TestAuthority.create('gateway');
  const signed = await rogue.issue({ commonName: 'gateway' });
  const chain = `${signed.certificate}${leaf.certificate}${authority.certificate}\n`;
  await assert.rejects(dial({ chain, key: signed.key }, [authority.pin]), refusal('GATEWAY_PIN_MISMATCH'));
});

test('an expired certificate of a pinned CA is refused, with both dates in the message', async () => {
  const notAfter = new Date(Date.now() - 60_000);
  const expired = await authority.issue({ commonName: 'gateway', notAfter });
  await assert.rejects(
    dial(expired, [authority.pin]),
    refusal('GATEWAY_CERTIFICATE_INVALID', "this host's clock", 'GMT'),
  );
  const early = await authority.issue({ commonName: 'gateway', notBefore: new Date(Date.now() + 3_600_000) });
  await assert.rejects(
    dial(early, [authority.pin]),
    refusal('GATEWAY_CERTIFICATE_INVALID', 'correct the clock'),
  );
});

test('a pinned CA that has expired vouches for no certificate', async () => {
  const expired = await TestAuthority.create('Old CA', new Date(Date.now() - 60_000));
  const signed = await expired.issue({ commonName: 'gateway' });
  await assert.rejects(
    dial(signed, [expired.pin]),
    refusal('GATEWAY_CERTIFICATE_INVALID', 'CN=Old CA', "this host's clock"),
  );
  assert.equal(await dial(signed, [signed.pin]), 'trusted');
});

test('a client certificate of a pinned CA is not accepted from a gateway', async () => {
  const client = await authority.issue({ commonName: 'agent', usage: 'client' });
  await assert.rejects(dial(client, [authority.pin]), refusal('GATEWAY_CERTIFICATE_INVALID', 'serverAuth'));
  assert.equal(await dial(client, [client.pin]), 'trusted');
});

test('with trust system, a pinned certificate must also be trusted by this host', async () => {
  await assert.rejects(
    dial(leaf, [leaf.pin], { trust: 'system' }),
    refusal('GATEWAY_CERTIFICATE_INVALID', 'Company CA', 'gateway.trust'),
  );
});

test('with trust system, the CA, the name and the pin must all match', async (context) => {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, authority.certificate]);
  context.after(() => setDefaultCACertificates(before));
  assert.equal(await dial(leaf, [leaf.pin], { trust: 'system' }), 'trusted');
  await assert.rejects(dial(leaf, [OTHER], { trust: 'system' }), refusal('GATEWAY_PIN_MISMATCH'));
  const elsewhere = await authority.issue({ commonName: 'db', names: ['db.example.com'] });
  await assert.rejects(
    dial(elsewhere, [elsewhere.pin], { trust: 'system' }),
    refusal('GATEWAY_CERTIFICATE_INVALID'),
  );
  const expired = await authority.issue({ commonName: 'old', notAfter: new Date(Date.now() - 60_000) });
  await assert.rejects(
    dial(expired, [expired.pin], { trust: 'system' }),
    refusal('GATEWAY_CERTIFICATE_INVALID', 'Company CA'),
  );
});

test('TLS 1.2 and another protocol are refused', async () => {
  await using gateway = await startTlsGateway({
    cert: leaf.chain,
    key: leaf.key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  });
  const target = {
    url: `https://127.0.0.1:${gateway.address.port}`,
    address: gateway.address,
    pins: [leaf.pin],
    trust: 'pins' as const,
    proxy: 'none' as const,
  };
  const options = { identity: undefined, environment: {}, signal: new AbortController().signal };
  await assert.rejects(dialGateway(target, options), { code: 'GATEWAY_TLS_FAILED' });
  await using http1 = await startTlsGateway({ cert: leaf.chain, key: leaf.key, ALPNProtocols: ['http/1.1'] });
  await assert.rejects(dialGateway({ ...target, address: http1.address }, options), {
    code: 'GATEWAY_TLS_FAILED',
  });
});
