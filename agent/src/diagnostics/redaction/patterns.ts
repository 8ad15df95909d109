import { REDACTED } from './known-secrets.ts';

type Pattern = {
  readonly rule: RedactionRule;
  readonly find: RegExp;
  /** The replacement; `$1` and so on refer to groups of `find`. */
  readonly into: string;
};

/** Every redaction rule. An answer reports the hits of each. */
export const redactionRules = [
  'known-secret',
  'field-name',
  'pem',
  'authorization',
  'jwt',
  'url-credentials',
  'connection-string',
  'penstock-token',
] as const;
export type RedactionRule = (typeof redactionRules)[number];

const SECRET_WORD =
  'passw(?:or)?d|passphrase|pwd|(?<![A-Za-z0-9])(?:pass|pw)(?![\\w-])|secret|token|credentials?|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signature|sig';

// Every repetition is bounded or cannot match again where it ends, because these run on untrusted text.
const patterns: readonly Pattern[] = [
  {
    rule: 'pem',
    find: /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g,
    into: REDACTED,
  },
  {
    rule: 'authorization',
    find: /((?:authorization|set-cookie|cookie)["']?[ \t]{0,8}[:=][ \t]{0,8})(?!\[redacted\])[^\r\n]+/gi,
    into: `$1${REDACTED}`,
  },
  {
    rule: 'authorization',
    find: /\b(bearer|basic|negotiate|ntlm)([ \t]{1,8})[A-Za-z0-9._~+/=-]{4,}/gi,
    into: `$1$2${REDACTED}`,
  },
  {
    rule: 'jwt',
    find: /\beyJ[A-Za-z0-9_-]{4,2048}(?:\.[A-Za-z0-9_-]*){1,4}/g,
    into: REDACTED,
  },
  {
    rule: 'url-credentials',
    find: /([A-Za-z][A-Za-z0-9+.-]{0,30}:\/\/)(?!\[redacted\]@)[^\s"'<>]*@/g,
    into: `$1${REDACTED}@`,
  },
  { rule: 'penstock-token', find: /\bpst_[a-z]{2,16}_[A-Za-z0-9_-]+/g, into: REDACTED },
  {
    rule: 'connection-string',
    find: new RegExp(
      `((?:${SECRET_WORD})[\\w-]{0,32}(?:\\\\{0,4}["'])?[ \\t]{0,8}[=:][ \\t]{0,8})(?!\\[redacted\\])(\\\\{1,4}"[^"]*"?|"(?:\\\\.|[^"\\\\])*"?|'[^']*'?|\\{[^}]*\\}?|[^\\s;,&"')}\\]]+)`,
      'gi',
    ),
    into: `$1${REDACTED}`,
  },
  {
    rule: 'connection-string',
    find: new RegExp(
      `(--?[\\w-]{0,32}(?:${SECRET_WORD})[\\w-]{0,32}[ \\t]{1,8})(?!\\[redacted\\])[^\\s"']+`,
      'gi',
    ),
    into: `$1${REDACTED}`,
  },
];

/** The text without anything that looks like a secret. `hit` is called for each rule that matched. */
export function redactPatterns(text: string, hit: (rule: RedactionRule) => void): string {
  let result = text;
  for (const { rule, find, into } of patterns) {
    const before = result;
    result = result.replace(find, into);
    if (result !== before) hit(rule);
  }
  return result;
}
