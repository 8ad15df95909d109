import ipaddr from 'ipaddr.js';

/** True when `range` is a CIDR range, such as 10.0.0.0/8 or 2001:db8::/32. */
export function isSourceRange(range: string): boolean {
  return ipaddr.isValidCIDR(range);
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
