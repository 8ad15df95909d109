import ipaddr from 'ipaddr.js';

/**
 * An IP address as people write it: an IPv4 address mapped into IPv6 as IPv4 (`::ffff:a02:1` is `10.2.0.1`), any other IPv6
 * address in its canonical form (RFC 5952). Other text is returned unchanged.
 */
export function readableAddress(address: string): string {
  if (!address.includes(':') || !ipaddr.isValid(address)) return address;
  return ipaddr.process(address).toString();
}
