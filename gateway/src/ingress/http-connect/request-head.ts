import { isIP } from 'node:net';

/** Parses host (without brackets) and port of a CONNECT (RFC 9110 section 9.3.6); undefined if it is invalid. */
export function parseAuthority(
  authority: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain = '', digits] =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,255})):([0-9]{1,5})$/.exec(authority) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return undefined;
  if (bracketed === undefined) return { host: plain, port };
  return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined;
}

/**
 * Parses a Proxy-Authorization header: the token of Bearer, or password and username of Basic, in this order. Returns
 * an empty list for any other scheme and for an invalid header.
 */
export function parseCredentials(header: string | undefined): readonly string[] {
  const [, scheme = '', value = ''] =
    /^([A-Za-z]{1,16}) +([A-Za-z0-9+/=_~.-]{1,1024})$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return [value];
  if (scheme.toLowerCase() !== 'basic') return [];
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return colon === -1 ? [text] : [text.slice(colon + 1), text.slice(0, colon)];
}
