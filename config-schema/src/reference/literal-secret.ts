import type { Literal } from '../field/field-kind.ts';
import { mistakenReference } from '../field/mistaken-reference.ts';
import type { ConfigProblemCode } from '../problem.ts';
import type { TemplatePart } from './template.ts';

type Verdict = {
  readonly code: ConfigProblemCode;
  /** Continues the sentence after the field's path. */
  readonly message: string;
  readonly suggestion: string;
};

/** Placeholder for the value of a reference. */
const UNKNOWN = '\u{1}';

/** Returns what is wrong if this text contains a secret that must not be written into a file kept in Git. */
export function literalSecret(parts: readonly TemplatePart[], allowed: Literal): Verdict | undefined {
  const written = parts.map(writtenText).join('');
  if (allowed === 'reference' && written.replaceAll(UNKNOWN, '').trim() !== '') {
    const variable = mistakenReference(written);
    if (variable !== undefined) {
      return {
        code: 'SECRET_LITERAL',
        message: 'contains a variable in a notation that is not replaced here',
        suggestion: `Write \${env:${variable}}.`,
      };
    }
    return {
      code: 'SECRET_LITERAL',
      message: 'is a secret and must not be written into this file, which is kept in Git',
      suggestion:
        'Use a reference: ${env:NAME} or ${file:/run/secrets/name}. Rotate the secret, which may have been exposed.',
    };
  }
  if (allowed === 'url' && holdsPassword(written)) {
    return {
      code: 'CREDENTIALS_IN_URL',
      message: 'contains a password, which must not be written into this file',
      suggestion:
        'Use a reference: scheme://user:${env:PASSWORD}@host. Rotate the password, which may have been exposed.',
    };
  }
  return undefined;
}

function writtenText(part: TemplatePart): string {
  if (part.kind === 'literal') return part.text;
  // A default is written into the file like any other text.
  if (part.kind === 'environment' && part.standard) return part.standard;
  return UNKNOWN;
}

function holdsPassword(url: string): boolean {
  const userinfo = /:\/\/([^/?#]*)@/.exec(url)?.[1] ?? '';
  const colon = userinfo.indexOf(':');
  const password = colon === -1 ? '' : userinfo.slice(colon + 1);
  const parameters = [...url.matchAll(/[?&](?:ssl)?password=([^&#]*)/gi)].map(([, value = '']) => value);
  return [password, ...parameters].some((text) => text.replaceAll(UNKNOWN, '') !== '');
}
