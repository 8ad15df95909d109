import { type AddressRanges, addressRanges } from '@penstock/config-schema';
import { embeddedIpv4 } from './embedded-ipv4.ts';

/** Whether policy.deny forbids a resolved address. */
export type DeniedRanges = AddressRanges;

/** The system connects to the host itself when the unspecified address is dialed. */
const isUnspecified = addressRanges(['0.0.0.0/32', '::/128']);
/** The zone of a link-local address (RFC 4007 section 11), which is not part of the address. */
const ZONE = /%.*$/;

/**
 * `ranges` must be CIDR ranges that the configuration loader has validated. A denied IPv4 address is also denied as
 * part of an IPv6 address that leads to it.
 */
export function deniedRanges(ranges: readonly string[]): DeniedRanges {
  const isListed = addressRanges(ranges);
  const isLoopbackDenied = isListed('127.0.0.1') || isListed('::1');
  const isDenied = (address: string) => isListed(address) || (isLoopbackDenied && isUnspecified(address));
  return (text) => {
    const address = text.replace(ZONE, '');
    return isDenied(address) || embeddedIpv4(address).some(isDenied);
  };
}
