import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Certificate pin of a public key: `sha256/` and the base64 SHA-256 of its SPKI in DER (as RFC 7469 section 2.4). */
export function spkiPin(publicKey: KeyObject): string {
  return `sha256/${spkiHash(publicKey).toString('base64')}`;
}

export function pinOfCertificate(pem: string): string {
  return spkiPin(new X509Certificate(pem).publicKey);
}

/** Certificate pin of the key whose private half is in `pem`. */
export function pinOfKey(pem: string): string {
  return spkiPin(createPublicKey(pem));
}

export function spkiHash(publicKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}
