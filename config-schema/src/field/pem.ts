import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accepted, type FieldResult, refused } from './field-result.ts';

/** A certificate, or a chain with the server's own first. */
export function parseCertificate(text: string): FieldResult<string> {
  try {
    new X509Certificate(text);
    return accepted(text);
  } catch {
    return refused(
      'INVALID_PEM',
      'must be a PEM certificate',
      'Refer to a file that begins with -----BEGIN CERTIFICATE-----: ${file:/etc/penstock/tls.crt}.',
    );
  }
}

/** A private key without a passphrase. */
export function parsePrivateKey(text: string): FieldResult<string> {
  try {
    createPrivateKey(text);
    return accepted(text);
  } catch {
    return refused(
      'INVALID_PEM',
      'must be a PEM private key without a passphrase',
      'Refer to a file that holds one: ${file:/etc/penstock/tls.key}.',
    );
  }
}

/** Whether the key is the one of the chain's first certificate. Both must have been accepted above. */
export function keyBelongsTo(certificate: string, key: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}
