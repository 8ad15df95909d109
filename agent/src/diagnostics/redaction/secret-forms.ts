/** A secret as it can stand in a text. Hits of `run` stand in the middle of a longer run of the same alphabet. */
export type SecretForm = { readonly text: string; readonly kind: 'plain' | 'word' | 'run' };

/** Shorter ones would hit everywhere: they count only where they stand alone. */
const SHORTEST_ANYWHERE = 4;

/** Every way in which software is known to write a value down. */
export function secretForms(secret: string): SecretForm[] {
  if (secret.length < SHORTEST_ANYWHERE) return [{ text: secret, kind: 'word' }];
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
 * What base64 makes of the bytes wherever they begin in a longer text, as in `user:password`: three alignments, each
 * without the characters that depend on the neighbors.
 */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), whole);
  });
}

const jsonEscaped = (text: string) => JSON.stringify(text).slice(1, -1);

/** As encodeURIComponent, but for half characters, which it throws at, and for what it leaves as it is. */
function encodeUri(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
