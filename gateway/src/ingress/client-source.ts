import type { Socket } from 'node:net';
import { readableAddress } from '@penstock/runtime';

/** The client's own address and port, also if it connects through a load balancer that sends a PROXY header. */
export type ClientSource = { readonly address: string; readonly port: number };

/** `address` in any spelling; logs and decisions use the one that people write. */
export function clientSource(address: string, port: number): ClientSource {
  return { address: readableAddress(address), port };
}

/** The remote end of a socket; undefined if it disconnected before it was accepted, when Node no longer knows it. */
export function sourceOfSocket({ remoteAddress, remotePort }: Socket): ClientSource | undefined {
  return remoteAddress === undefined ? undefined : clientSource(remoteAddress, remotePort ?? 0);
}
