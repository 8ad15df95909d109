import ipaddr from 'ipaddr.js';
import { parseCidr } from './field/cidr.ts';
import { isIpv4, isIpv6 } from './field/host.ts';

/** Returns whether an address is in one of the ranges. */
export type AddressRanges = (address: string) => boolean;

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Bits that precede the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = 96;

/** Returns whether `text` is a CIDR range such as `10.0.0.0/8`, with no bits set after the prefix. */
export function isAddressRange(text: string): boolean {
  return parseCidr(text).ok;
}

/**
 * Returns a test for membership in `ranges`, which must be CIDR ranges (see `isAddressRange`). IPv4 addresses mapped
 * into IPv6 count as IPv4, in ranges as well as in tested addresses; apart from that, an IPv4 address is never in an
 * IPv6 range. Text that is not an IP address is in no range.
 */
export function addressRanges(ranges: readonly string[]): AddressRanges {
  const parsed = ranges.map(parseRange);
  return (text) => {
    if (!isIpv4(text) && !isIpv6(text)) return false;
    const address = ipaddr.process(text);
    return parsed.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  };
}

function parseRange(text: string): Range {
  const [network, bits] = ipaddr.parseCIDR(text);
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= MAPPED_PREFIX) {
    return [network.toIPv4Address(), bits - MAPPED_PREFIX];
  }
  return [network, bits];
}
