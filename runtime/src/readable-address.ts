import ipaddr from 'ipaddr.js';
import { remember } from './remember.ts';

const REMEMBERED_ADDRESSES = 1024;

/**
 * An IP address as people write it: an IPv4 address mapped into IPv6 as IPv4 (`::ffff:a02:1` is `10.2.0.1`), any other IPv6
 * address in its canonical form (RFC 5952). Other text is returned unchanged.
 */
export const readableAddress = (address: string): string =>
  address.includes(':') ? readableIpv6(address) : address;

const readableIpv6 = remember(REMEMBERED_ADDRESSES, (address) =>
  ipaddr.isValid(address) ? ipaddr.process(address).toString() : address,
);
