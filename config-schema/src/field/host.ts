import ipaddr from 'ipaddr.js';

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** Returns whether `text` is a valid DNS name. Underscores are allowed because container networks use them. */
export function isHostName(text: string): boolean {
  // The dot at the end of an absolute name (RFC 1034 section 3.1) counts toward no limit.
  const name = withoutFinalDot(text);
  if (name.length === 0 || name.length > 253) return false;
  const labels = name.split('.');
  // Only digits and dots is a mistyped IPv4 address, not a name (RFC 1123 section 2.1).
  if (labels.every((label) => /^[0-9]*$/.test(label))) return false;
  return labels.every((label) => LABEL.test(label));
}

/** A name as certificates, SNI, and comparisons have it. Resolvers treat a name with the dot as absolute. */
export const withoutFinalDot = (host: string): string => host.replace(/(?<=[^.])\.$/, '');

/** Four decimal parts only: the other notations that resolvers accept (octal, a single number) are ambiguous. */
export function isIpv4(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** Without brackets. */
export function isIpv6(text: string): boolean {
  return text.includes(':') && ipaddr.IPv6.isValid(text);
}

/** Formats a host to precede `:port`: IPv6 in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
