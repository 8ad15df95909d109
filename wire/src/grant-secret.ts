import { createHash, randomBytes } from 'node:crypto';

/** A grant as it is handed out, and the hash by which it is stored and found. */
export type GrantSecret = { readonly grant: string; readonly hash: string };

const PREFIX = 'pst_grant_';
/** RFC 4648 section 6 in lower case: a grant must survive being part of a host name, which is case-insensitive. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Five random bits per character, 130 in total: enough entropy for an unsalted SHA-256. */
const LENGTH = 26;
const PATTERN = new RegExp(`^(?:${PREFIX})?([${ALPHABET}]{${LENGTH}})$`);

/** Number of characters in a grant without its prefix, the form used in host names. */
export const GRANT_LABEL_LENGTH = LENGTH;

/** Generates a grant. Only the hash may be stored; `grant` is shown to its creator once. */
export function generateGrantSecret(): GrantSecret {
  const label = Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
  return { grant: PREFIX + label, hash: hashOfLabel(label) };
}

/** The hash of a grant, in hex. Accepts any case, with or without the prefix. Undefined if `text` is not a grant. */
export function hashOfGrant(text: string): string | undefined {
  const [, label] = PATTERN.exec(text.toLowerCase()) ?? [];
  return label === undefined ? undefined : hashOfLabel(label);
}

/** Whether a text has the form of a grant, and must be treated as a secret wherever it appears. */
export function isGrant(text: string): boolean {
  return PATTERN.test(text.toLowerCase());
}

function hashOfLabel(label: string): string {
  return createHash('sha256')
    .update(PREFIX + label)
    .digest('hex');
}
