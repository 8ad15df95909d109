import { isIP } from 'node:net';
import { addressRanges, type HostPort, withoutFinalDot } from '@penstock/config-schema';

/**
 * Whether NO_PROXY exempts the target. The list has names, which include their subdomains, addresses and CIDR ranges. Names
 * and addresses may have a port. `*` matches everything.
 */
export function isException(target: HostPort, list: string): boolean {
  const host = withoutFinalDot(target.host.toLowerCase());
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
  const bare = withoutFinalDot(name.replace(/^\*?\./, ''));
  return bare !== '' && (host === bare || host.endsWith(`.${bare}`));
}

/** An IPv6 address can have a port only if it is in brackets. */
function parse(entry: string): { readonly name: string; readonly port: number | undefined } {
  if (isIP(entry) === 6 || entry.includes('/')) return { name: entry, port: undefined };
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  return { name: bracketed ?? plain ?? '', port: port === undefined ? undefined : Number(port) };
}

/** Compares addresses as numbers, because an IPv6 address has many spellings. Ranges may have bits after their prefix. */
function isInRange(host: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  const family = isIP(network);
  if (family === 0) return false;
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d+$/.test(prefix) ? Number(prefix) : bits + 1;
  if (length > bits) return false;
  return addressRanges([`${network}/${length}`])(host);
}
