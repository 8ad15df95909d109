import { type AddressRanges, addressRanges } from '@penstock/config-schema';

/** Whether a client may come from this address. */
export type SourceAllowList = AddressRanges;

/** `ranges` are CIDR ranges that the configuration has already checked. */
export function sourceAllowList(ranges: readonly string[]): SourceAllowList {
  return addressRanges(ranges);
}
