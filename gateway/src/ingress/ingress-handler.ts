import type { AddressInfo, Socket } from 'node:net';
import type { Connection, GatewayConfig, HostPort, Ingress, IngressKind } from '@penstock/config-schema';
import type { AddressLimit } from '@penstock/runtime';
import type { TunnelError } from '@penstock/wire';
import type { GrantFailures } from '../access/grant-failures.ts';
import type { GrantTable } from '../access/grant-table.ts';
import { type SourceAllowList, sourceAllowList } from '../access/source-address.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { Offer } from '../routing/offer-of.ts';
import type { ClientOptions } from './client-connection.ts';
import type { ClientSource } from './client-source.ts';
import type { PendingHandshakes } from './pending-handshakes.ts';
import type { RoutedClient } from './routed-client.ts';
import type { IngressTls } from './tls/ingress-tls.ts';

/** One connection behind a listener, as its file says. */
export type IngressBinding<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? {
      readonly connection: Connection;
      readonly ingress: Extract<Ingress, { readonly kind: Kind }>;
      /** Whether a client may come from this address. */
      readonly isAllowed: SourceAllowList;
    }
  : never;

/** One listener that the configuration asks for, and every connection that shares it: a union over the kinds. */
export type ListenerConfig<Kind extends IngressKind = IngressKind> = Kind extends IngressKind
  ? { readonly kind: Kind; readonly listen: HostPort; readonly bindings: readonly IngressBinding<Kind>[] }
  : never;

/** What the clients of a way in are served with. */
export type IngressServices = {
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  /** Takes a client over; false, and nothing done to it, when its connection has no room for it. */
  readonly serve: (connection: string, client: RoutedClient) => boolean;
  /** Logs that a client was turned away, for which connection where that is known, and by which ingress. */
  readonly denied: (source: ClientSource, error: TunnelError, connection?: string, ingress?: string) => void;
  readonly handshakes: PendingHandshakes;
  /** Client connections of each address. */
  readonly addresses: AddressLimit;
  /** What clients see whose TLS ends at the gateway. */
  readonly tls: IngressTls;
  /** Dials for something that is no client of its connection, and counts as none. The caller owns the stream. */
  readonly dial: ClientOptions['dial'];
  readonly grants: Pick<GrantTable, 'find'>;
  readonly failures: GrantFailures;
  /** Whether an address is one of a connection's target; written as `hostPortText` does. */
  readonly offerOf: (connection: string, address: string) => Offer;
  readonly log: DataPlaneLog;
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
export type IngressHandler = {
  /** Takes a client over: serves it, or ends it. Never throws. */
  take(client: AcceptedClient): void;
  /** No more clients come. Ends those that have not said what they want, if they are no negotiation. */
  close(): void;
};

/** Makes what is done with the clients of one listener. `ways` are those in force: asked anew for each client. */
export type CreateHandler<Kind extends IngressKind> = (
  services: IngressServices,
  bindings: () => readonly IngressBinding<Kind>[],
) => IngressHandler;

/** A listener that is open. */
export type OpenListener = {
  readonly address: AddressInfo;
  /** Puts changed connections, of the same kind, in force for the clients to come. */
  apply(bindings: readonly IngressBinding[]): void;
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
export function listenersOf(config: GatewayConfig): ReadonlyMap<string, ListenerConfig> {
  const found = new Map<string, { kind: IngressKind; listen: HostPort; bindings: IngressBinding[] }>();
  for (const connection of config.connections) {
    for (const [index, ingress] of connection.ingress.entries()) {
      const { kind, listen } = ingress;
      const place = kind === 'tcp' && listen.port === 0 ? `#${index} ` : '';
      const key = `${kind === 'tcp' ? connection.name : kind} ${place}${addressText(listen)}`;
      const listenerConfig = found.get(key) ?? { kind, listen, bindings: [] };
      listenerConfig.bindings.push({
        connection,
        ingress,
        isAllowed: sourceAllowList(ingress.allow),
      } as IngressBinding);
      found.set(key, listenerConfig);
    }
  }
  // Each was made of ways of its own kind.
  return found as ReadonlyMap<string, ListenerConfig>;
}
