import { BlockList, isIP } from 'node:net';

/** Whether the owners of the agent forbid this resolved address. */
export type DeniedRanges = (address: string) => boolean;

/** `ranges` are CIDR ranges or single addresses that the configuration has already checked. */
export function deniedRanges(ranges: readonly string[]): DeniedRanges {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  // An IPv4-mapped IPv6 address is checked against the IPv4 ranges too.
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
