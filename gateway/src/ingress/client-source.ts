import type { Socket } from 'node:net';

/** The client's own address and port, also if it connects through a load balancer that sends a PROXY header. */
export type ClientSource = { readonly address: string; readonly port: number };

/** How a socket that listens on :: shows IPv4 addresses (RFC 4291 section 2.5.5.2). People write them without it. */
const MAPPED_IPV4 = /^::ffff:(?=[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$)/i;

/** The remote end of a socket; undefined if it disconnected before it was accepted, when Node no longer knows it. */
export function sourceOfSocket({ remoteAddress, remotePort }: Socket): ClientSource | undefined {
  if (remoteAddress === undefined) return undefined;
  return { address: remoteAddress.replace(MAPPED_IPV4, ''), port: remotePort ?? 0 };
}
