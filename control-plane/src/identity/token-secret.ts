import { randomBytes } from 'node:crypto';
import { hashOfSecret, randomSecret, secretMatches } from '@penstock/runtime';

/** The prefix by which people and secret scanners recognize a token: `pst_enroll_…`, `pst_admin_…`. */
export type TokenKind = 'enroll' | 'admin';

export type NewToken = { readonly id: string; readonly token: string; readonly hash: string };

const TOKEN = /^pst_(enroll|admin)_([0-9a-f]{20})_[A-Za-z0-9_-]{43}$/;

/**
 * Creates a token: a public id and 256 secret random bits. Only the hash is stored, so this is the only time that `token`
 * is available. A plain SHA-256 suffices, since 256 random bits cannot be guessed. Ids sort by creation time.
 */
export function createToken(kind: TokenKind, now: number): NewToken {
  const id = now.toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
  const token = `pst_${kind}_${id}_${randomSecret()}`;
  return { id, token, hash: hashOfSecret(token) };
}

/** Returns the id in a token, or undefined if the text is not a token of this kind. */
export function idOfToken(kind: TokenKind, token: string): string | undefined {
  const match = TOKEN.exec(token);
  return match?.[1] === kind ? match[2] : undefined;
}

/** What a text is that is used in place of a token of this kind, if it is another credential of ours. */
export function otherCredential(kind: TokenKind, text: string): string | undefined {
  const [, found] = /^pst_(enroll|admin|grant)_/.exec(text) ?? [];
  if (found === undefined || found === kind) return undefined;
  return { enroll: 'an enrollment token', admin: 'an admin token', grant: 'a grant' }[found];
}

/** Whether `hash` is that of `token`, compared in constant time. */
export const tokenMatches: (token: string, hash: string) => boolean = secretMatches;
