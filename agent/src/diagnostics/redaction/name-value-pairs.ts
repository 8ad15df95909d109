import { isSecretName } from '@penstock/config-schema';
import { REDACTED } from './known-secrets.ts';
import type { Redaction } from './rule.ts';

const NAME_FIELD =
  'name|key|k|variable|var|env|option|header|field|parameter|param|property|setting|attribute';
const VALUE_FIELD = 'value|val|v|content|contents|data|text|string|secret|literal';
const isNameField = new RegExp(`^(?:${NAME_FIELD})$`, 'i');
const isValueField = new RegExp(`^(?:${VALUE_FIELD}|.{0,32}value)$`, 'i');

/** Whether an object names a secret in one field, so that another field, such as `value`, holds it. */
export function namesSecret(entries: readonly (readonly [string, unknown])[]): boolean {
  return entries.some(
    ([key, value]) => isNameField.test(key) && typeof value === 'string' && isSecretName(value),
  );
}

/** Whether a field of such an object holds the secret. */
export const holdsNamedValue = (key: string) => isValueField.test(key);

/** Positions of an array that follow the name of their secret: pairs, arguments, raw HTTP headers. */
export function isNamedByPrevious(items: readonly unknown[], index: number): boolean {
  const name = items[index - 1];
  const value = items[index];
  if (typeof name !== 'string' || typeof value !== 'string') return false;
  if (/^--?[A-Za-z]/.test(name)) return isSecretName(name.replace(/^--?/, '')) && !value.startsWith('-');
  if (items.length === 2) return isSecretName(name) && !isSecretName(value);
  return items.length % 2 === 0 && index % 2 === 1 && isSecretHeader.test(name);
}

const isSecretHeader =
  /^(?:(?:proxy-)?authorization|cookie|set-cookie|x-(?:api-key|auth-token|vault-token|amz-security-token))$/i;

const GAP = String.raw`\\{0,4}["']?\s{0,4}[:=]\s{0,4}`;
const QUOTE = String.raw`\\{0,4}["']?`;
const BETWEEN = String.raw`\s{0,64}[,;]?[\s-]{0,64}`;
/** Atomic, by a lookahead and a reference: a value that is not followed by its name is not tried in shorter pieces. */
const VALUE = String.raw`(?=(?<value>\\{1,4}"[^"\\]{0,2048}|"(?:\\.|[^"\\]){0,2048}|'[^']{0,2048}|[^\s"',;}\]]{1,2048}))\k<value>`;

/** `"name": "PASSWORD", "value": "…"`, also escaped, in YAML, and as attributes of XML. */
const NAME_FIRST = new RegExp(
  String.raw`(\b(?:${NAME_FIELD})${GAP}${QUOTE})([\w.-]{1,64})(${QUOTE}${BETWEEN}${QUOTE}(?:${VALUE_FIELD})${GAP})(?!\[redacted\])${VALUE}`,
  'gi',
);
const VALUE_FIRST = new RegExp(
  String.raw`(\b(?:${VALUE_FIELD})${GAP})(?!\[redacted\])${VALUE}(${QUOTE}${BETWEEN}${QUOTE}(?:${NAME_FIELD})${GAP}${QUOTE})([\w.-]{1,64})`,
  'gi',
);
const ELEMENT = /(<([\w:.-]{1,64})(?:\s[^<>]{0,256})?>)(?!\[redacted\])([^<]{1,4096})(?=<\/)/g;

/** Pairs of a name and a value within a text. */
export const redactNameValuePairs: Redaction = (text) => {
  let result = text;
  if (/value|val|content|data|secret|literal|text|string/i.test(text)) {
    result = result
      .replace(NAME_FIRST, (whole, before: string, name: string, between: string) =>
        isSecretName(name) ? `${before}${name}${between}${REDACTED}` : whole,
      )
      .replace(VALUE_FIRST, (whole, before: string, _value: string, between: string, name: string) =>
        isSecretName(name) ? `${before}${REDACTED}${between}${name}` : whole,
      );
  }
  if (!result.includes('</')) return result;
  return result.replace(ELEMENT, (whole, tag: string, name: string) =>
    isSecretName(name.replace(/^[\w.-]{1,32}:/, '')) ? `${tag}${REDACTED}` : whole,
  );
};
