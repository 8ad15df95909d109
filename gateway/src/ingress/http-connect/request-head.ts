import { isIP } from 'node:net';

/** The host, without brackets, and port of a CONNECT (RFC 9110 section 9.3.6); undefined when it is none. */
export function readAuthority(
  authority: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, inBrackets, plain = '', digits] =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,255})):([0-9]{1,5})$/.exec(authority) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return undefined;
  if (inBrackets === undefined) return { host: plain, port };
  return isIP(inBrackets) === 6 ? { host: inBrackets, port } : undefined;
}

/** What may be a grant in a Proxy-Authorization of the scheme Basic or Bearer; empty for anything else. */
export function readCredentials(header: string | undefined): readonly string[] {
  const [, scheme = '', value = ''] =
    /^([A-Za-z]{1,16}) +([A-Za-z0-9+/=_~.-]{1,1024})$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return [value];
  if (scheme.toLowerCase() !== 'basic') return [];
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return colon === -1 ? [text] : [text.slice(colon + 1), text.slice(0, colon)];
}
