import { remember } from '@penstock/runtime';
import ipaddr from 'ipaddr.js';
import { parseCidr } from './field/cidr.ts';
import { isIpv4, isIpv6 } from './field/host.ts';

/** Returns whether an address is in one of the ranges. */
export type AddressRanges = (address: string) => boolean;

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

const COMPATIBLE = /^::(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?=\/|$)/;

/** Bits that precede the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = 96;

/** Addresses whose result is remembered: clients connect again and again. */
const REMEMBERED_ADDRESSES = 256;

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
  return remember(REMEMBERED_ADDRESSES, (text) => {
    if (!isIpv4(text) && !isIpv6(text)) return false;
    const address = ipaddr.process(withoutDots(text));
    return parsed.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  });
}

/**
 * Writes an IPv4-compatible address (`::10.0.0.1`, RFC 4291 section 2.5.5.1) in hexadecimal, because ipaddr.js takes the
 * dotted form, which sockets report, for a mapped one.
 */
function withoutDots(text: string): string {
  return text.replace(COMPATIBLE, (_match, ...bytes) => {
    const [a, b, c, d] = bytes.map(Number);
    return `::${((a ?? 0) * 256 + (b ?? 0)).toString(16)}:${((c ?? 0) * 256 + (d ?? 0)).toString(16)}`;
  });
}

function parseRange(text: string): Range {
  const [network, bits] = ipaddr.parseCIDR(withoutDots(text));
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= MAPPED_PREFIX) {
    return [network.toIPv4Address(), bits - MAPPED_PREFIX];
  }
  return [network, bits];
}
