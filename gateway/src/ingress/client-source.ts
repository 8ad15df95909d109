import type { Socket } from 'node:net';

/** Where a client comes from: its own address, also where a load balancer stands between. */
export type ClientSource = { readonly address: string; readonly port: number };

/** The other end of a socket; undefined when it has left already, and nobody knows any more. */
export function sourceOfSocket({ remoteAddress, remotePort }: Socket): ClientSource | undefined {
  return remoteAddress === undefined ? undefined : { address: remoteAddress, port: remotePort ?? 0 };
}
