import ipaddr from 'ipaddr.js';
import { accepted, type FieldResult, refused } from './field-result.ts';
import { isIpv4, isIpv6 } from './host.ts';

/** For editors; the parser checks more. */
export const cidrPattern = '^[0-9A-Fa-f:.]+/[0-9]{1,3}$';

/** What people write for every address. */
const EVERYWHERE: ReadonlySet<string> = new Set(['*', 'any', 'all', '0.0.0.0', '::', 'everywhere']);

/** Parses a range such as `10.0.0.0/8` or `fd00::/8`, with no bits set after the prefix. */
export function parseCidr(text: string): FieldResult<string> {
  const example = 'Write it like 10.0.0.0/8 or fd00::/8.';
  const match = /^([^/]*)\/([0-9]{1,3})$/.exec(text);
  if (match === null) {
    if (EVERYWHERE.has(text.toLowerCase()))
      return refused(
        'INVALID_CIDR',
        'must be an address range in CIDR notation',
        'For every address, write 0.0.0.0/0 and ::/0.',
      );
    if (isIpv4(text))
      return refused('INVALID_CIDR', 'has no prefix length', 'For a single address, append /32.');
    if (isIpv6(text))
      return refused('INVALID_CIDR', 'has no prefix length', 'For a single address, append /128.');
    return refused('INVALID_CIDR', 'must be an address range in CIDR notation', example);
  }
  const [, address = '', digits] = match;
  const prefix = Number(digits);
  if (isIpv4(address)) {
    if (prefix > 32) return refused('INVALID_CIDR', 'has a prefix longer than 32', example);
    return withoutHostBits(text, ipaddr.IPv4.networkAddressFromCIDR(text).toString() === address);
  }
  if (!isIpv6(address) || address.includes('%')) {
    return refused('INVALID_CIDR', 'must be an address range in CIDR notation', example);
  }
  if (prefix > 128) return refused('INVALID_CIDR', 'has a prefix longer than 128', example);
  const network = ipaddr.IPv6.networkAddressFromCIDR(text).toNormalizedString();
  return withoutHostBits(text, network === ipaddr.IPv6.parse(address).toNormalizedString());
}

function withoutHostBits(text: string, clean: boolean): FieldResult<string> {
  if (clean) return accepted(text);
  return refused(
    'INVALID_CIDR',
    'has bits set after its prefix',
    'Use the first address of the range, such as 10.0.0.0/8, or append /32 (IPv6: /128) for a single address.',
  );
}
