import { isIP } from 'node:net';
import { addressRanges, type HostPort } from '@penstock/config-schema';

/**
 * Whether NO_PROXY excepts the target: a list of names with their subdomains, addresses and CIDR ranges, each name
 * and address with an optional port; `*` is everything.
 */
export function isException(target: HostPort, list: string): boolean {
  const host = target.host.toLowerCase();
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(host, target.port, entry.toLowerCase()));
}

function matches(host: string, port: number, entry: string): boolean {
  if (entry === '*') return true;
  const { name, port: onlyPort } = parse(entry);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  if (isIP(host) !== 0) return isInRange(host, name);
  const bare = name.replace(/^\*?\./, '');
  return bare !== '' && (host === bare || host.endsWith(`.${bare}`));
}

/** An IPv6 address is only followed by a port when it stands in brackets. */
function parse(entry: string): { readonly name: string; readonly port: number | undefined } {
  if (isIP(entry) === 6 || entry.includes('/')) return { name: entry, port: undefined };
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  return { name: bracketed ?? plain ?? '', port: port === undefined ? undefined : Number(port) };
}

/** Addresses are compared as numbers: one IPv6 address has many spellings. */
function isInRange(host: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  const family = isIP(network);
  if (family === 0) return false;
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d+$/.test(prefix) ? Number(prefix) : bits + 1;
  if (length > bits) return false;
  return addressRanges([`${network}/${length}`])(host);
}
