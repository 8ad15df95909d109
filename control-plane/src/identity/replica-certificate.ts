import { X509Certificate } from 'node:crypto';
import { publicKeyHash } from '@penstock/wire';
import { createKey, P256_SHA256 } from './p256.ts';
import { randomSerial } from './random-serial.ts';
import { X509CertificateGenerator } from './x509.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Nobody checks it, but some TLS stacks refuse a certificate without a date. */
const VALIDITY_MS = 3_650 * DAY_MS;

/** What a replica presents to the others, PEM both, and the hexadecimal SHA-256 of its public key. */
export type ReplicaKey = { readonly certificate: string; readonly key: string; readonly spki: string };

/** Makes a key that lives as long as this process, with the self-signed certificate that TLS wants around it. */
export async function createReplicaKey(now: number): Promise<ReplicaKey> {
  const { keys, pem } = await createKey();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: ['penstock-replica'] }],
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALIDITY_MS),
    keys,
    signingAlgorithm: P256_SHA256,
  });
  const text = certificate.toString('pem');
  const spki = publicKeyHash(new X509Certificate(text).publicKey).toString('hex');
  return { certificate: `${text}\n`, key: pem, spki };
}
