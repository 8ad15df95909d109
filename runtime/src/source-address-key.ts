import ipaddr from 'ipaddr.js';
import { remember } from './remember.ts';

/** Parsing an address costs as much as the rest of what a new connection does with it. */
const REMEMBERED_ADDRESSES = 1024;

/**
 * The key under which limits count a source address. IPv6 addresses share a key with the rest of their /64, because a
 * single host usually controls all of it. IPv4 addresses mapped into IPv6 count as IPv4. Text that is not an IP
 * address is its own key.
 */
export const sourceAddressKey = remember(REMEMBERED_ADDRESSES, (address: string): string => {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return parsed.toByteArray().slice(0, 8).join('.');
});
