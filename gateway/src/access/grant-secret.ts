import { createHash, randomBytes } from 'node:crypto';

export type NewGrantSecret = { readonly id: string; readonly grant: string; readonly hash: string };

const PREFIX = 'pst_grant_';
/** RFC 4648 section 6, in lower case: a grant must go through host names, which know no case. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Five random bits each, so 130: nobody guesses that, and a plain SHA-256 is enough to keep it. */
const LENGTH = 26;
const SECRET = new RegExp(`^(?:${PREFIX})?([${ALPHABET}]{${LENGTH}})$`);

/** Characters of a grant without its prefix, as it stands in a host name. */
export const GRANT_LABEL_LENGTH = LENGTH;

/**
 * A new grant: an id that may be shown, and a secret that is seen once and of which only the hash is kept. Ids sort by
 * the time they were made.
 */
export function makeGrantSecret(now: number): NewGrantSecret {
  const id = now.toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
  const secret = Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
  return { id, grant: PREFIX + secret, hash: hashOf(secret) };
}

/** The hash that a grant is known by, with its prefix or without, in any case. Undefined for what is no grant. */
export function hashOfGrant(text: string): string | undefined {
  const [, secret] = SECRET.exec(text.toLowerCase()) ?? [];
  return secret === undefined ? undefined : hashOf(secret);
}

/** Whether a text is a grant, and so a secret, wherever it stands. */
export function isGrant(text: string): boolean {
  return SECRET.test(text.toLowerCase());
}

function hashOf(secret: string): string {
  return createHash('sha256')
    .update(PREFIX + secret)
    .digest('hex');
}
