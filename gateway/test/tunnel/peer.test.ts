import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { agentUri } from '@penstock/wire';
import { readPeer, renewableIdentity, requireIdentity } from '../../src/tunnel/peer.ts';

const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const NAME = 'CN=Penstock agents of acme';

/** A CA that says it is the one of this gateway. */
async function createAuthority() {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: NAME,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return {
    certificate: new X509Certificate(own.toString('pem')),
    async expiredLeaf(organization: string): Promise<X509Certificate> {
      const { publicKey } = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const uri = agentUri({ organization, pool: 'dc1', agentId: 'agt_1' });
      const leaf = await x509.X509CertificateGenerator.create({
        subject: 'CN=a1',
        issuer: NAME,
        notBefore: new Date(Date.now() - 2 * DAY_MS),
        notAfter: new Date(Date.now() - DAY_MS),
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }])],
      });
      return new X509Certificate(leaf.toString('pem'));
    },
  };
}

const peerOf = (certificate: X509Certificate, authority: X509Certificate) =>
  readPeer(
    {
      getPeerX509Certificate: () => certificate,
      authorized: false,
      authorizationError: 'CERT_HAS_EXPIRED',
    } as unknown as TLSSocket,
    'acme',
    authority,
  );

test('an expired certificate of the agent CA can be renewed, and is good for nothing else', async () => {
  const authority = await createAuthority();
  const peer = peerOf(await authority.expiredLeaf('acme'), authority.certificate);
  assert.equal(renewableIdentity(peer, () => false).agentId, 'agt_1');
  assert.throws(() => requireIdentity(peer, () => false), { code: 'IDENTITY_EXPIRED' });
  assert.throws(() => renewableIdentity(peer, () => true), { code: 'IDENTITY_REVOKED' });
});

test('an expired certificate that somebody else has signed, or of another organization, is unknown', async () => {
  const authority = await createAuthority();
  const forger = await createAuthority();
  for (const leaf of [await forger.expiredLeaf('acme'), await authority.expiredLeaf('other')]) {
    const peer = peerOf(leaf, authority.certificate);
    assert.deepEqual(peer, { kind: 'refused', code: 'IDENTITY_UNKNOWN' });
    assert.throws(() => renewableIdentity(peer, () => false), { code: 'IDENTITY_UNKNOWN' });
  }
});
