import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What comes before a token, so that people and secret scanners know it: `pst_enroll_…`, `pst_admin_…`. */
export type TokenKind = 'enroll' | 'admin';

export type NewToken = { readonly id: string; readonly token: string; readonly hash: string };

const SECRET_BYTES = 32;
const TOKEN = /^pst_(enroll|admin)_([0-9a-f]{20})_[A-Za-z0-9_-]{43}$/;

/**
 * A new token: an id that may be shown and 256 random bits that may not. Only the hash is kept, so `token` is
 * seen once. A plain SHA-256 is enough, as nobody can guess 256 random bits. Ids sort by the time they were made.
 */
export function makeToken(kind: TokenKind, now: number): NewToken {
  const id = now.toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
  const token = `pst_${kind}_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { id, token, hash: hashOf(token) };
}

/** The id in a token, or undefined when it is not a token of this kind. */
export function idOfToken(kind: TokenKind, token: string): string | undefined {
  const match = TOKEN.exec(token);
  return match?.[1] === kind ? match[2] : undefined;
}

/** Compares in constant time. */
export function tokenMatches(token: string, hash: string): boolean {
  const [given, stored] = [Buffer.from(hashOf(token)), Buffer.from(hash)];
  return given.length === stored.length && timingSafeEqual(given, stored);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
