import { accepted, type FieldResult, refused } from './field-result.ts';

/** SHA-256 is 32 bytes: 43 characters of base64, the last with two spare bits, and one `=`. */
export const certificatePinPattern = '^sha256/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$';

const PIN = new RegExp(certificatePinPattern);

/** `sha256/…=`: the hash of a certificate's SubjectPublicKeyInfo. */
export function parseCertificatePin(text: string): FieldResult<string> {
  if (PIN.test(text)) return accepted(text);
  return refused(
    'INVALID_PIN',
    'must be a certificate pin',
    'A pin is sha256/ followed by 44 characters of base64; `penstock-gateway init` prints the ones to paste.',
  );
}
