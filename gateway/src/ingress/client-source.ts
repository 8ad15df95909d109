import type { Socket } from 'node:net';

/** The client's own address and port, also if it connects through a load balancer that sends a PROXY header. */
export type ClientSource = { readonly address: string; readonly port: number };

/** The remote end of a socket; undefined if it disconnected before it was accepted, when Node no longer knows it. */
export function sourceOfSocket({ remoteAddress, remotePort }: Socket): ClientSource | undefined {
  return remoteAddress === undefined ? undefined : { address: remoteAddress, port: remotePort ?? 0 };
}
