/** A form in which a secret can occur in text. A `run` occurs within a longer run of characters of the same encoding. */
export type SecretForm = { readonly text: string; readonly kind: 'plain' | 'word' | 'run' };

/** Shorter secrets would match everywhere, so they match only as separate words. */
const MIN_SUBSTRING_CHARACTERS = 4;

/** Every form in which software commonly writes a value. */
export function secretForms(secret: string): SecretForm[] {
  if (secret.length < MIN_SUBSTRING_CHARACTERS) return [{ text: secret, kind: 'word' }];
  const plain = new Set([secret, jsonEscaped(secret), jsonEscaped(jsonEscaped(secret))]);
  const encoded = encodeUri(secret);
  for (const form of [encoded, encoded.replaceAll('%20', '+')]) {
    plain.add(form);
    plain.add(form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  }
  const bytes = Buffer.from(secret);
  const runs = new Set([bytes.toString('hex'), bytes.toString('hex').toUpperCase()]);
  for (const core of base64Cores(bytes)) {
    runs.add(core);
    runs.add(core.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [
    ...[...plain].map((text) => ({ text, kind: 'plain' as const })),
    ...[...runs].map((text) => ({ text, kind: 'run' as const })),
  ];
}

/**
 * The base64 encodings of the bytes at any position in a longer text, such as `user:password`: one for each of three
 * alignments, without the characters that depend on adjacent bytes.
 */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), whole);
  });
}

const jsonEscaped = (text: string) => JSON.stringify(text).slice(1, -1);

/** Like encodeURIComponent, but replaces lone surrogates instead of throwing and encodes all reserved characters. */
function encodeUri(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
