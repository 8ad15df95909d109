import type { CookieOptions } from '../session-cookie.ts';
import { siteOf } from '../site.ts';

/** What the browser keeps while its user is at the identity provider. Each is random; none is of use to anyone else. */
export type PendingSignIn = {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636): whoever has only the code cannot use it. */
  readonly verifier: string;
};

const MAX_AGE_SECONDS = 10 * 60;
const PART = '[A-Za-z0-9._~-]{20,128}';
const VALUE = new RegExp(`^(${PART})\\*(${PART})\\*(${PART})$`);

const nameAt = ({ host, isSecure }: CookieOptions) =>
  `${isSecure ? '__Host-' : ''}penstock-oidc-${siteOf(host, isSecure).port}`;

/**
 * The value of `Set-Cookie` for a pending sign-in, or for its removal. `SameSite=Lax`: the identity provider sends the browser
 * back, which is a navigation from another site.
 */
export function pendingCookie(pending: PendingSignIn | undefined, options: CookieOptions): string {
  const value = pending === undefined ? '' : [pending.state, pending.nonce, pending.verifier].join('*');
  const age = pending === undefined ? 0 : MAX_AGE_SECONDS;
  const secure = options.isSecure ? '; Secure' : '';
  return `${nameAt(options)}=${value}; Max-Age=${age}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

export function readPendingCookie(
  header: string | undefined,
  options: CookieOptions,
): PendingSignIn | undefined {
  const name = nameAt(options);
  for (const pair of (header ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2);
    const [, state, nonce, verifier] = (key === name && VALUE.exec(value)) || [];
    if (state !== undefined && nonce !== undefined && verifier !== undefined)
      return { state, nonce, verifier };
  }
  return undefined;
}
