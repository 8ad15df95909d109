import { redactCommandArguments } from './command-arguments.ts';
import { redactCredentialsBeforeHost, redactUrlCredentials } from './credentials-before-host.ts';
import { redactKeyShapes } from './key-shapes.ts';
import { REDACTED } from './known-secrets.ts';
import { redactNameValuePairs } from './name-value-pairs.ts';
import { redactNamedValues } from './named-values.ts';
import type { Redaction, RedactionRule } from './rule.ts';

// Every repetition is bounded or cannot match again where it ends, because these run on untrusted text.

const PEM = /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g;
const HEADER =
  /((?:authorization|set-cookie|cookie)\\{0,4}["']?[ \t]{0,8}[:=][ \t]{0,8})(?!\[redacted\])[^\r\n]+/gi;
const SCHEME = /\b(bearer|basic|negotiate|ntlm)([ \t]{1,8})([A-Za-z0-9._~+/=-]{4,})/gi;
const JWT = /\beyJ[A-Za-z0-9_-]{4,2048}(?:\.[A-Za-z0-9_-]*){1,4}/g;
const PENSTOCK_TOKEN = /\bpst_[a-z]{2,16}_[A-Za-z0-9_-]+/g;
/** SQL's `IDENTIFIED BY 'secret'` and `PASSWORD 'secret'`, and the `password secret` of .netrc. */
const STATEMENT =
  /(\b(?:identified\s{1,8}(?:with\s{1,8}\S{1,64}\s{1,8})?(?:by|as)\s{1,8}(?:(?:password|values)\s{1,8})?|passw(?:or)?d\s{1,8}(?:is\s{1,8})?(?=["']))|\blogin\s{1,8}\S{1,64}\s{1,8}password\s{1,8})(?!\[redacted\])("[^"]{1,256}"|'[^']{1,256}'|[^\s"';,]{1,256})/gi;

const redactions: readonly (readonly [RedactionRule, Redaction])[] = [
  ['pem', (text) => text.replace(PEM, REDACTED)],
  ['authorization', (text) => text.replace(HEADER, `$1${REDACTED}`)],
  ['authorization', (text) => text.replace(SCHEME, schemeCredentials)],
  ['jwt', (text) => text.replace(JWT, REDACTED)],
  ['url-credentials', redactUrlCredentials],
  ['penstock-token', (text) => text.replace(PENSTOCK_TOKEN, REDACTED)],
  ['key-shape', redactKeyShapes],
  ['name-value-pair', redactNameValuePairs],
  ['connection-string', redactNamedValues],
  ['connection-string', (text) => text.replace(STATEMENT, `$1${REDACTED}`)],
  ['command-argument', redactCommandArguments],
  ['connection-string', redactCredentialsBeforeHost],
];

/** "Basic authentication" and "bearer token" are words, not credentials. */
function schemeCredentials(whole: string, scheme: string, gap: string, value: string): string {
  return /^[A-Z]?[a-z.-]{1,20}$/.test(value) ? whole : `${scheme}${gap}${REDACTED}`;
}

/** The text without anything that looks like a secret. `hit` is called for each rule that matched. */
export function redactPatterns(text: string, hit: (rule: RedactionRule) => void): string {
  let result = text;
  for (const [rule, redact] of redactions) {
    const before = result;
    result = redact(result);
    if (result !== before) hit(rule);
  }
  return result;
}
