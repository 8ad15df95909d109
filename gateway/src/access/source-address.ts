import { BlockList, isIP } from 'node:net';

/** Whether a client may come from this address. */
export type SourceAllowList = (address: string) => boolean;

/** `ranges` are CIDR ranges or single addresses that the configuration has already checked. */
export function sourceAllowList(ranges: readonly string[]): SourceAllowList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  // A client of a dual-stack listener has an IPv4-mapped address; it is checked against the IPv4 ranges.
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
