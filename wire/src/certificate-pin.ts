import { createHash, type KeyObject } from 'node:crypto';

/** SHA-256 of a public key's subject public key info in DER. */
export function publicKeyHash(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest();
}

/** Certificate pin of a public key: `sha256/` and its hash in base64 (as in RFC 7469 section 2.4). */
export function certificatePin(publicKey: KeyObject): string {
  return `sha256/${publicKeyHash(publicKey).toString('base64')}`;
}
