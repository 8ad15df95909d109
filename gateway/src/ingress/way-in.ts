import type { AddressInfo, Socket } from 'node:net';
import type { Connection, GatewayConfig, HostPort, Ingress, IngressKind } from '@penstock/config-schema';
import type { AddressLimit } from '@penstock/runtime';
import type { TunnelError } from '@penstock/wire';
import type { GrantFailures } from '../access/grant-failures.ts';
import type { GrantTable } from '../access/grant-table.ts';
import { type SourceAllowList, sourceAllowList } from '../access/source-address.ts';
import type { GatewayLog } from '../observe/event.ts';
import type { Offer } from '../routing/offer-of.ts';
import type { Arrival } from './arrival.ts';
import type { ClientOptions } from './client-connection.ts';
import type { ClientSource } from './client-source.ts';
import type { Negotiations } from './negotiations.ts';
import type { ClientTls } from './tls/client-tls.ts';

/** One connection behind a listener, as its file says. */
export type Way<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? {
      readonly connection: Connection;
      readonly ingress: Extract<Ingress, { readonly kind: Kind }>;
      /** Whether a client may come from this address. */
      readonly isAllowed: SourceAllowList;
    }
  : never;

/** One listener that the configuration asks for, and every connection that shares it: a union over the kinds. */
export type WayIn<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? { readonly kind: Kind; readonly listen: HostPort; readonly ways: readonly Way<Kind>[] }
  : never;

/** What the clients of a way in are served with. */
export type WayInPorts = {
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  /** Takes a client over; false, and nothing done to it, when its connection has no room for it. */
  readonly serve: (connection: string, client: Arrival) => boolean;
  /** Logs that a client was turned away, for which connection where that is known, and by which ingress. */
  readonly denied: (source: ClientSource, error: TunnelError, connection?: string, ingress?: string) => void;
  readonly negotiations: Negotiations;
  /** Client connections of each address. */
  readonly addresses: AddressLimit;
  /** What clients see whose TLS ends at the gateway. */
  readonly tls: ClientTls;
  /** Dials for something that is no client of its connection, and counts as none. The caller owns the stream. */
  readonly dial: ClientOptions['dial'];
  readonly grants: Pick<GrantTable, 'find'>;
  readonly failures: GrantFailures;
  /** Whether an address is one of a connection's target; written as `hostPortText` does. */
  readonly offerOf: (connection: string, address: string) => Offer;
  readonly log: GatewayLog;
};

/** A client that has come from an address that some connection of its listener allows. */
export type AcceptedClient = {
  /** Paused, with `allowHalfOpen` and an error listener. */
  readonly socket: Socket;
  readonly source: ClientSource;
  /** Must be called when the client is gone; again does nothing. */
  readonly release: () => void;
};

/** What is done with the clients of a listener. */
export type ClientHandler = {
  /** Takes a client over: serves it, or ends it. Never throws. */
  take(client: AcceptedClient): void;
  /** No more clients come. Ends those that have not said what they want, if they are no negotiation. */
  close(): void;
};

/** Makes what is done with the clients of one listener. `ways` are those in force: asked anew for each client. */
export type HandleClients<Kind extends IngressKind> = (
  ports: WayInPorts,
  ways: () => readonly Way<Kind>[],
) => ClientHandler;

/** A listener that is open. */
export type OpenWayIn = {
  readonly address: AddressInfo;
  /** Puts changed connections, of the same kind, in force for the clients to come. */
  apply(ways: readonly Way[]): void;
  /** Takes no new clients. Those that are in go on. */
  close(): void;
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
      wayIn.ways.push({ connection, ingress, isAllowed: sourceAllowList(ingress.allow) } as Way);
      found.set(key, wayIn);
    }
  }
  // Each was made of ways of its own kind.
  return found as ReadonlyMap<string, WayIn>;
}
