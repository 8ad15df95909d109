import ipaddr from 'ipaddr.js';

/** True when `range` is a CIDR range with no bits set behind its prefix, such as 10.0.0.0/8 or 2001:db8::/32. */
export function isSourceRange(range: string): boolean {
  if (!ipaddr.isValidCIDR(range)) return false;
  const [address, bits] = ipaddr.parseCIDR(range);
  const text = `${address.toString()}/${bits}`;
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(text)
      : ipaddr.IPv6.networkAddressFromCIDR(text);
  return network.toString() === address.toString();
}

/** True when `address` lies in one of the ranges. An IPv4 address mapped into IPv6 counts as IPv4. */
export function comesFrom(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}
