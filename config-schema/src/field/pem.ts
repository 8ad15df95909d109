import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accepted, type FieldResult, refused } from './field-result.ts';

/** Parses a certificate, or a chain with the leaf certificate first. */
export function parseCertificate(text: string): FieldResult<string> {
  try {
    new X509Certificate(text);
    return accepted(text);
  } catch {
    return refused(
      'INVALID_PEM',
      'must be a PEM certificate',
      'Use a reference to a file that begins with -----BEGIN CERTIFICATE-----: ${file:/etc/penstock/tls.crt}.',
    );
  }
}

/** Parses a private key without a passphrase. */
export function parsePrivateKey(text: string): FieldResult<string> {
  try {
    createPrivateKey(text);
    return accepted(text);
  } catch {
    return refused(
      'INVALID_PEM',
      'must be a PEM private key without a passphrase',
      'Use a reference to a file that contains one: ${file:/etc/penstock/tls.key}.',
    );
  }
}

/** Returns whether the key belongs to the first certificate of the chain. Both must have been accepted above. */
export function keyBelongsTo(certificate: string, key: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}
