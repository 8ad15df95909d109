/** Words that denote a secret anywhere in a name, including joined to another word as in PGPASSWORD. */
const SECRET_ANYWHERE =
  /passw(?:or)?ds?$|^passw(?!ordless)|passphrase|secrets?$|^secret(?!ar)|credentials?$|^credential|^webhooks?$/;
/** Words that denote a secret unless the name counts or describes them. */
const SECRET_WORD = /tokens?$|^(?:authorization|cookies?|creds|jwt|otp)$/;
/** Words that denote a secret only at the end of a name. */
const SECRET_LAST = /^(?:pass|pw|auth|dsn)$|pwd$|apikeys?$/;
/** `pass` and `pw` joined to what they unlock: DBPASS, but not COMPASS. */
const JOINED =
  /^(?:db|my(?:sql)?|pg|postgres(?:ql)?|mongo(?:db)?|redis|ldap|smtp|imap|mail|ftp|user|usr|root|admin|proxy|svc|ora(?:cle)?|sa|ssh|http|web|app|key|store|keystore|trust|truststore)(?:pass|pw)$/;
/** Words that make a following `key` a secret rather than the key of a table or map. */
const KEY_OF =
  /^(?:api|access|account|private|signing|sign|encryption|encrypt|master|shared|storage|session|ssh|license|service|auth|client|consumer|hmac|aes|rsa|tls|ssl|secret|root|app|admin|deploy|write|ingest)$/;
const JOINED_KEY = /(?:api|access|account|private|signing|encryption|master|shared|secret)_?keys?$/;

/** Last words of names that describe a secret without containing it. */
const DESCRIBES =
  /^(?:files?|filename|path|dir|directory|folder|ttl|expiry|expires|expired|expiration|expire|length|len|size|count|counts|limit|type|kind|name|names|header|headers|policy|required|requires|enabled|disabled|timeout|age|interval|parallelism|mode|algorithm|alg|method|field|fields|format|prefix|unknown|revoked|invalid|missing|used|exhausted|refused|rejected|mismatch|error|errors|failed|failures?|manager|store|provider|endpoint|version|rotation|lifetime|hint|retries|attempts|check|checks|validator|bucket|buckets|issuer|audience|scope|scopes|total|seconds|millis|ms|bytes|sock|socket|pid|less)$/;
/** Words that make a name a count or a condition. */
const COUNTS =
  /^(?:max|min|num|number|count|total|used|remaining|uses|per|has|is|needs|requires|allow|allows|no|without)$/;

/** Names that look like secrets but are not. */
const ORDINARY: ReadonlySet<string> = new Set([
  'PWD',
  'OLDPWD',
  'INIT_PWD',
  'ORIGINAL_PWD',
  'DIRENV_PWD',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'SSH_AUTH_SOCK',
  'webhook-timestamp',
  'webhook-id',
]);

const MAX_NAME_CHARACTERS = 256;

/**
 * Returns whether a field, variable, parameter, or header of this name contains a secret. Names are split into words,
 * so `PWD`, `tokenizer`, and `passthrough` do not count as secrets.
 */
export function isSecretName(name: string): boolean {
  if (name.length > MAX_NAME_CHARACTERS || ORDINARY.has(name)) return false;
  const words = wordsOf(name);
  const last = words.at(-1);
  if (last === undefined) return false;
  if (words.length > 1 && DESCRIBES.test(last)) return false;
  if (words.some((word) => SECRET_ANYWHERE.test(word)) && !COUNTS.test(words[0] ?? '')) return true;
  if (words.some((word) => SECRET_WORD.test(word))) return !words.some((word) => COUNTS.test(word));
  if (SECRET_LAST.test(last) && last !== 'oldpwd') return true;
  if (JOINED.test(last) || JOINED_KEY.test(last)) return true;
  if (isConnectionString(words)) return true;
  return words.length === 1 ? last === 'key' : isKey(words);
}

/** `access_key`, `accessKeyId`, `private-key-pem`: the word `key` after one that makes it secret. */
const isKey = (words: readonly string[]) =>
  words.some((word, at) => /^keys?$/.test(word) && KEY_OF.test(words[at - 1] ?? ''));

const isConnectionString = (words: readonly string[]) => /connection(?:string|str)$/.test(words.join(''));

/**
 * Splits a name in any notation into words (snake_case, kebab-case, camelCase, HTTPHeader), without trailing digits.
 */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=[a-z])[0-9]{1,4}$/, ''))
    .filter((word) => word !== '');
}
