import { withoutFinalDot } from '@penstock/config-schema';
import ipaddr from 'ipaddr.js';

/** A host, without brackets, and its port as one text that is the same however the two are spelled. */
export function hostPortText(host: string, port: number): string {
  if (!ipaddr.isValid(host)) return `${withoutFinalDot(host).toLowerCase()}:${port}`;
  const address = ipaddr.process(host);
  return address.kind() === 'ipv6' ? `[${address.toString()}]:${port}` : `${address.toString()}:${port}`;
}
