import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { IdentityFileError } from './identity-file-error.ts';

const RESTORE = 'Restore it from a backup.';

/** Returns the first certificate of a file, or of a field of gateway.yaml. Throws IdentityFileError, with `advice`. */
export function certificateIn(where: string, text: string, advice = RESTORE): X509Certificate {
  if (text.trim() === '') throw new IdentityFileError(`${where} is empty. ${advice}`);
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new IdentityFileError(
      `${where} ${damage(text, 'CERTIFICATE')}, not a certificate in PEM. ${advice}`,
      { cause },
    );
  }
}

/** Returns the private key of a file, or of a field of gateway.yaml. Throws IdentityFileError, with `advice`. */
export function privateKeyIn(where: string, text: string, advice = RESTORE): KeyObject {
  if (text.trim() === '') throw new IdentityFileError(`${where} is empty. ${advice}`);
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new IdentityFileError(
      `${where} ${damage(text, 'PRIVATE KEY')}, not a private key in PEM without a passphrase. ${advice}`,
      { cause },
    );
  }
}

/** Whether a certificate was issued for a key. */
export function belongTogether(certificate: X509Certificate, key: KeyObject): boolean {
  return createPublicKey(key).equals(certificate.publicKey);
}

/** What is wrong with a text that should have a PEM block, for an error message. Never quotes the text. */
function damage(text: string, label: string): string {
  const begins = new RegExp(`-----BEGIN [A-Z0-9 ]*${label}-----`).test(text);
  if (!begins) return 'has other content';
  const ends = new RegExp(`-----END [A-Z0-9 ]*${label}-----`).test(text);
  return ends ? 'is damaged' : 'is truncated';
}
