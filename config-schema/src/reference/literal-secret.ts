import type { Literal } from '../field/field-kind.ts';
import type { ConfigProblemCode } from '../problem.ts';
import type { TemplatePart } from './template.ts';

type Verdict = {
  readonly code: ConfigProblemCode;
  /** Goes on after the field's path. */
  readonly message: string;
  readonly suggestion: string;
};

/** Stands for what a reference will give. */
const UNKNOWN = '\u{1}';

/** What is wrong with writing this text into a file that lives in Git, if anything. */
export function literalSecret(parts: readonly TemplatePart[], allowed: Literal): Verdict | undefined {
  const written = parts.map(writtenText).join('');
  if (allowed === 'reference' && written.replaceAll(UNKNOWN, '').trim() !== '') {
    return {
      code: 'SECRET_LITERAL',
      message: 'is a secret and must not be written into this file, which lives in Git',
      suggestion:
        'Refer to it: ${env:NAME} or ${file:/run/secrets/name}; and replace the secret, since it may be known by now.',
    };
  }
  if (allowed === 'url' && holdsPassword(written)) {
    return {
      code: 'CREDENTIALS_IN_URL',
      message: 'holds a password, which must not be written into this file',
      suggestion:
        'Refer to it: scheme://user:${env:PASSWORD}@host; and replace the password, since it may be known by now.',
    };
  }
  return undefined;
}

function writtenText(part: TemplatePart): string {
  if (part.kind === 'literal') return part.text;
  // A default is written into the file as much as any other text.
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
