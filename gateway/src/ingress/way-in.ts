import type { AddressInfo } from 'node:net';
import type { Connection, GatewayConfig, HostPort, Ingress, IngressKind } from '@penstock/config-schema';
import type { GatewayLog } from '../observe/event.ts';
import type { Arrival } from './arrival.ts';

/** One connection behind a listener, as its file says. */
export type Way<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? { readonly connection: Connection; readonly ingress: Extract<Ingress, { readonly kind: Kind }> }
  : never;

/** One listener that the configuration asks for, and every connection that shares it: a union over the kinds. */
export type WayIn<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? { readonly kind: Kind; readonly listen: HostPort; readonly ways: readonly Way<Kind>[] }
  : never;

/** What a way in is given to serve its clients with. */
export type WayInPorts = {
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  /** Takes a client over; false, and nothing done to it, when its connection has no room for it. */
  readonly serve: (connection: string, client: Arrival) => boolean;
  readonly log: GatewayLog;
};

/** A listener that is open. */
export type OpenWayIn = {
  readonly address: AddressInfo;
  /** Puts changed connections, of the same kind, in force for the clients to come. */
  apply(ways: readonly Way[]): void;
  /** Takes no new clients, and ends those that have not said what they want. Those that are in go on. */
  close(): Promise<void>;
};

/** `host:port`, IPv6 in brackets. */
export const addressText = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * The listeners of a configuration. A TCP port is known by its connection, the others by kind and address: port 0 is
 * another port each time, so that one of a connection of its own is known by its place.
 */
export function waysIn(config: GatewayConfig): ReadonlyMap<string, WayIn> {
  const found = new Map<string, { kind: IngressKind; listen: HostPort; ways: Way[] }>();
  for (const connection of config.connections) {
    for (const [index, ingress] of connection.ingress.entries()) {
      const { kind, listen } = ingress;
      const place = kind === 'tcp' && listen.port === 0 ? `#${index} ` : '';
      const key = `${kind === 'tcp' ? connection.name : kind} ${place}${addressText(listen)}`;
      const wayIn = found.get(key) ?? { kind, listen, ways: [] };
      wayIn.ways.push({ connection, ingress } as Way);
      found.set(key, wayIn);
    }
  }
  // Each was made of ways of its own kind.
  return found as ReadonlyMap<string, WayIn>;
}
