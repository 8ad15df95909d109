import ipaddr from 'ipaddr.js';
import { isIpv4, isIpv6 } from './field/host.ts';

/** Whether an address lies in one of the ranges. */
export type AddressRanges = (address: string) => boolean;

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Bits of an IPv6 address before the IPv4 address mapped into it (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = 96;

/**
 * The ranges of a configuration as one question. An IPv4 address mapped into IPv6 is that IPv4 address, in a range
 * as well as in what is asked; besides that no IPv4 address lies in an IPv6 range. What is no address lies in none.
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
