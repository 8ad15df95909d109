import type { Socket } from 'node:net';
import type { ConnectorKind, GatewayConfig, IngressKind } from '@penstock/config-schema';
import type { AddressLimit } from '@penstock/runtime';
import type { TunnelError } from '@penstock/wire';
import type { Elsewhere } from '../access/elsewhere.ts';
import type { GrantFailures } from '../access/grant-failures.ts';
import type { GrantTable } from '../access/grant-table.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { Offer } from '../routing/offer-of.ts';
import type { ClientOptions } from './client-connection.ts';
import type { ErrorReports } from './client-errors/error-reports.ts';
import type { ClientSource } from './client-source.ts';
import type { IngressBinding } from './listener-config.ts';
import type { PendingHandshakes } from './pending-handshakes.ts';
import type { CancelPorts } from './postgresql/cancel-ports.ts';
import type { AcceptingIngress, RoutedClient } from './routed-client.ts';
import type { IngressTls } from './tls/ingress-tls.ts';

/** What the handlers of all ingresses share. */
export type IngressServices = {
  /** The configuration in force. */
  readonly config: () => GatewayConfig;
  /**
   * Takes ownership of a client and connects it to its target. Throws TunnelError LIMIT_EXCEEDED if the connection has
   * reached its maxConnections; the client then still belongs to the caller.
   */
  readonly serve: (connection: string, client: RoutedClient) => void;
  /** Logs that a client was denied, with the connection if known, and the ingress. */
  readonly denied: (source: ClientSource, error: TunnelError, connection?: string, ingress?: string) => void;
  /** Counts a client whose proxy requested a grant. This is neither a failure nor logged. */
  readonly grantRequested: (source: ClientSource, connection?: string, ingress?: string) => void;
  readonly errorReports: ErrorReports;
  /** The kind of a connection's target, from the configuration or as its agents announce it. */
  readonly kindOf: (connection: string) => ConnectorKind | undefined;
  readonly handshakes: PendingHandshakes;
  /** Limits the client connections of each source address. */
  readonly addresses: AddressLimit;
  /** The TLS configuration for clients whose TLS the gateway terminates. */
  readonly tls: IngressTls;
  /** Dials a connection's target without counting a client of that connection. The caller owns the stream. */
  readonly dial: ClientOptions['dial'];
  readonly grants: Pick<GrantTable, 'find' | 'endOf'>;
  readonly elsewhere: Pick<Elsewhere, 'clientsOf' | 'cancel'>;
  /** The ports whose clients can cancel queries from other replicas. */
  readonly cancelPorts: CancelPorts;
  readonly failures: GrantFailures;
  /** Whether the target of a connection has an address, in the format of `hostPortText`. */
  readonly offerOf: (connection: string, address: string) => Offer;
  readonly log: DataPlaneLog;
};

/** The services before they know which ingress uses them. */
export type SharedServices = Omit<IngressServices, 'serve'> & {
  readonly serve: (connection: string, client: RoutedClient, accepting: AcceptingIngress) => void;
};

/** A client whose source address is allowed by at least one binding of its listener. */
export type AcceptedClient = {
  /** Paused, with `allowHalfOpen` and an error listener. */
  readonly socket: Socket;
  readonly source: ClientSource;
  /** The handler must call this when the client is closed. Idempotent. */
  readonly release: () => void;
};

/** Handles the clients of one listener. */
export type IngressHandler = {
  /** Takes ownership of a client: serves it or closes it. Never throws. */
  handle(client: AcceptedClient): void;
  /**
   * Takes ownership of a client that its listener does not accept, and closes it; `error` is already logged. Undefined:
   * such clients are reset. Never throws.
   */
  refuse?(client: Omit<AcceptedClient, 'release'>, error: TunnelError): void;
  /** Called when the listener is closed. Closes the clients that are neither served nor in a pending handshake. */
  close(): void;
};

/** Creates the handler of one listener. `bindings` returns those in force, and is called for each client. */
export type CreateHandler<Kind extends IngressKind> = (
  services: IngressServices,
  bindings: () => readonly IngressBinding<Kind>[],
) => IngressHandler;
