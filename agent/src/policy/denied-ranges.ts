import { type AddressRanges, addressRanges } from '@penstock/config-schema';

/** Whether policy.deny forbids a resolved address. */
export type DeniedRanges = AddressRanges;

/** The system connects to the host itself when the unspecified address is dialed. */
const isUnspecified = addressRanges(['0.0.0.0/32', '::/128']);

/** `ranges` must be CIDR ranges that the configuration loader has validated. */
export function deniedRanges(ranges: readonly string[]): DeniedRanges {
  const isDenied = addressRanges(ranges);
  const isLoopbackDenied = isDenied('127.0.0.1') || isDenied('::1');
  return (address) => isDenied(address) || (isLoopbackDenied && isUnspecified(address));
}
