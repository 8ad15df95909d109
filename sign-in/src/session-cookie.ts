import { type Site, siteOf } from './site.ts';

/** Seconds: the longest life of a session. The store decides when it really ends. */
const MAX_AGE_SECONDS = 12 * 60 * 60;

/**
 * Name of the cookie at a host. Cookies ignore ports, so the name has the port: two gateways on one host must not overwrite
 * each other's. `__Host-` keeps subdomains and plain HTTP from setting it (RFC 6265bis, section 4.1.3.2).
 */
function cookieName({ port }: Site, isSecure: boolean): string {
  return `${isSecure ? '__Host-' : ''}penstock-session-${port}`;
}

export type CookieOptions = { readonly host: string; readonly isSecure: boolean };

/** The value of `Set-Cookie` for the first half of a session, or for its removal if `value` is undefined. */
export function sessionCookie(value: string | undefined, { host, isSecure }: CookieOptions): string {
  const name = cookieName(siteOf(host, isSecure), isSecure);
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(isSecure ? ['Secure'] : [])];
  const age = value === undefined ? 0 : MAX_AGE_SECONDS;
  return [`${name}=${value ?? ''}`, `Max-Age=${age}`, ...attributes].join('; ');
}

/** The first half of a session in the header `Cookie`. The last one counts if a name is there twice: neither is trusted alone. */
export function readSessionCookie(
  header: string | undefined,
  { host, isSecure }: CookieOptions,
): string | undefined {
  if (header === undefined) return undefined;
  const name = cookieName(siteOf(host, isSecure), isSecure);
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) found = value;
  }
  return found;
}
