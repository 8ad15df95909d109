import { randomBytes } from 'node:crypto';
import { hashOfSecret, randomSecret, secretMatches } from '@penstock/runtime';
import type { ConsoleSessionRow } from '@penstock/store';

/**
 * The secret of a session in two halves, of which each is useless alone. Cookies ignore ports: every other server that
 * the browser visits on the same host gets the first half. The page keeps the second one, which other origins cannot read.
 */
export type SessionHalves = {
  /** The value of the cookie. */
  readonly cookie: string | undefined;
  /** The value of the header `Penstock-Session`. */
  readonly header: string | undefined;
};

export type NewSessionSecret = {
  readonly id: string;
  readonly cookie: string;
  readonly header: string;
  readonly cookieHash: string;
  readonly headerHash: string;
};

const HEADER = /^pst_console_([0-9a-f]{20})_[A-Za-z0-9_-]{43}$/;
const COOKIE = /^[A-Za-z0-9_-]{43}$/;

/** Creates the secret of a session. Only the hashes are stored. Ids sort by creation time. */
export function createSessionSecret(now: number): NewSessionSecret {
  const id = now.toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
  const cookie = randomSecret();
  const header = `pst_console_${id}_${randomSecret()}`;
  return { id, cookie, header, cookieHash: hashOfSecret(cookie), headerHash: hashOfSecret(header) };
}

/** The id of the session, or undefined unless both halves are there and have the form of one. */
export function sessionIdOf({ cookie, header }: SessionHalves): string | undefined {
  if (cookie === undefined || header === undefined || !COOKIE.test(cookie)) return undefined;
  return HEADER.exec(header)?.[1];
}

/** Whether both halves are those of the session, compared in constant time. */
export function areHalvesOf(
  { cookie = '', header = '' }: SessionHalves,
  session: Pick<ConsoleSessionRow, 'cookieHash' | 'headerHash'>,
): boolean {
  const isCookie = secretMatches(cookie, session.cookieHash);
  const isHeader = secretMatches(header, session.headerHash);
  return isCookie && isHeader;
}
