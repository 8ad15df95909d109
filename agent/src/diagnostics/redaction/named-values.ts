import { isSecretName } from '@penstock/config-schema';
import { REDACTED } from './known-secrets.ts';
import type { Redaction } from './rule.ts';

const MAX_NAME_CHARACTERS = 64;
/** Whitespace and quotes between a name and what follows. */
const MAX_GAP_CHARACTERS = 8;
const NAME_CHARACTER = /[\w.-]/;

/** The end of a secret value that begins at `lastIndex`: quoted, escaped and quoted, in braces, or bare. */
const VALUE = /(?:\\{1,4}"[^"]*"?|\\{1,4}'[^']*'?|"(?:\\.|[^"\\])*"?|'[^']*'?|\{[^}]*\}?|[^\s;,&"')}\]]+)/y;

/** `password=…`, `"token": "…"`, `api_key => …`: values that follow the name of a secret. */
export const redactNamedValues: Redaction = (text) => {
  let result = '';
  let done = 0;
  for (const { index, 0: separator } of text.matchAll(/[:=]{1,2}>?/g)) {
    if (index < done || !isSecretAt(text, index)) continue;
    const start = skipSpace(text, index + separator.length);
    if (start < done || text.startsWith(REDACTED, start)) continue;
    VALUE.lastIndex = start;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined || /^\$\{(?:env|file):[^}]{1,1024}\}$/.test(value)) continue;
    result += text.slice(done, start) + REDACTED;
    done = start + value.length;
  }
  return result + text.slice(done);
};

/** Whether the text before `end` is the name of a secret, of one word or two. */
function isSecretAt(text: string, end: number): boolean {
  let at = end;
  const least = end - MAX_GAP_CHARACTERS;
  while (at > least && at > 0 && /[\s"'\\\])]/.test(text[at - 1] ?? '') && text[at - 1] !== '\n') at -= 1;
  const name = wordBefore(text, at);
  if (name === '') return false;
  // `Account Key=…`. A key alone is one of a table or a map as often as not.
  const previous = text[at - name.length - 1] === ' ' ? wordBefore(text, at - name.length - 1) : '';
  if (/^keys?$/i.test(name)) return previous !== '' && isSecretName(`${previous} ${name}`);
  return isSecretName(name) || /^sig(?:nature)?$/i.test(name);
}

function wordBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && end - start < MAX_NAME_CHARACTERS && NAME_CHARACTER.test(text[start - 1] ?? ''))
    start -= 1;
  return text.slice(start, end).replace(/^[.-]{1,64}/, '');
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < from + MAX_GAP_CHARACTERS && /[ \t]/.test(text[at] ?? '')) at += 1;
  return at;
}
