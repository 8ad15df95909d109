import { type AddressRanges, addressRanges } from '@penstock/config-schema';

/** Whether the owners of the agent forbid this resolved address. */
export type DeniedRanges = AddressRanges;

/** The system takes a connection to the unspecified address to the host itself. */
const isUnspecified = addressRanges(['0.0.0.0/32', '::/128']);

/** `ranges` are CIDR ranges that the configuration has already checked. */
export function deniedRanges(ranges: readonly string[]): DeniedRanges {
  const isDenied = addressRanges(ranges);
  const isLoopbackDenied = isDenied('127.0.0.1') || isDenied('::1');
  return (address) => isDenied(address) || (isLoopbackDenied && isUnspecified(address));
}
