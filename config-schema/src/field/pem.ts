import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accepted, type FieldResult, refused } from './field-result.ts';

/** Parses a certificate, or a chain with the leaf certificate first. */
export function parseCertificate(text: string): FieldResult<string> {
  const pem = normalizedPem(text);
  try {
    new X509Certificate(pem);
    return accepted(pem);
  } catch {
    return refusedPem(pem, 'CERTIFICATE', 'certificate', '${file:/etc/penstock/tls.crt}');
  }
}

/** Parses a private key without a passphrase. */
export function parsePrivateKey(text: string): FieldResult<string> {
  const pem = normalizedPem(text);
  try {
    createPrivateKey(pem);
    return accepted(pem);
  } catch {
    if (/ENCRYPTED/.test(pem)) {
      return refused(
        'INVALID_PEM',
        'must be a PEM private key without a passphrase, and this one is encrypted',
        'Decrypt it with openssl pkey -in FILE -out FILE, and protect the file by its mode.',
      );
    }
    return refusedPem(
      pem,
      'PRIVATE KEY',
      'private key without a passphrase',
      '${file:/etc/penstock/tls.key}',
    );
  }
}

/** Returns whether the key belongs to the first certificate of the chain. Both must have been accepted above. */
export function keyBelongsTo(certificate: string, key: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g;
const BEGIN = /-----BEGIN ([A-Z0-9 ]{1,40})-----/;
/** The beginning of `-----BEGIN` in base64. */
const ENCODED_BEGIN = /^LS0tLS1CRUdJTi[A-Za-z0-9+/=\s]*$/;

/**
 * Restores the line breaks of PEM. Environments hold it with `\n` spelled out, with spaces in place of line breaks, in
 * quotes, or as base64 of the whole.
 */
export function normalizedPem(text: string): string {
  const bare = text.trim().replace(/^(["'])([\s\S]*)\1$/, '$2');
  const plain = ENCODED_BEGIN.test(bare) ? Buffer.from(bare, 'base64').toString() : bare;
  const blocks = [...plain.matchAll(BLOCK)].map(([whole, label = '', body = '']) => {
    // Headers of the old encrypted form end with an empty line that carries meaning.
    if (body.includes(':')) return whole;
    const data = body.replaceAll(/\\+[nrt]|\s/g, '');
    const lines = data.match(/.{1,64}/g) ?? [];
    return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----`;
  });
  return blocks.length === 0 ? plain : `${blocks.join('\n')}\n`;
}

function refusedPem(pem: string, label: string, what: string, example: string): FieldResult<never> {
  const [, found] = BEGIN.exec(pem) ?? [];
  if (found === undefined) {
    return refused(
      'INVALID_PEM',
      `must be a PEM ${what}`,
      `Use a reference to a file that begins with -----BEGIN ${label}-----: ${example}.`,
    );
  }
  if (!found.includes(label)) {
    return refused(
      'INVALID_PEM',
      `must be a PEM ${what}, and begins with BEGIN ${found}`,
      `Refer to the ${what}.`,
    );
  }
  return refused(
    'INVALID_PEM',
    `has a ${found} block that cannot be decoded`,
    'Check that it was copied completely, from BEGIN to END.',
  );
}
