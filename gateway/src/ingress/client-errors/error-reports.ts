import type { ConnectorKind } from '@penstock/config-schema';
import { resetSocket } from '@penstock/transport';
import { type HandshakeLimits, type HandshakingClient, PendingHandshakes } from '../pending-handshakes.ts';
import type { ClientError } from './client-error.ts';
import { type ClientTls, conversation } from './conversation.ts';
import { errorProtocols } from './error-exchanges.ts';
import type { ReportedClient } from './reported-client.ts';

export type ErrorReportOptions = {
  readonly limits: () => HandshakeLimits;
  readonly tls: ClientTls;
};

/** From the error until the client has closed. A client that is slower is reset. */
const REPORT_TIMEOUT_MS = 5_000;

/**
 * Reports errors to clients in their own protocols. Clients that failed and clients that were denied are counted
 * separately from each other and from handshakes, each up to `limits.pendingHandshakes`: strangers cannot keep clients
 * from learning why they failed. A client beyond the limit is reset.
 */
export class ErrorReports {
  readonly #tls: ClientTls;
  readonly #failed: PendingHandshakes;
  readonly #denied: PendingHandshakes;
  #state: 'open' | 'closed' = 'open';

  constructor({ limits, tls }: ErrorReportOptions) {
    const bounds = () => {
      const { pendingHandshakes, handshakeTimeout } = limits();
      return { pendingHandshakes, handshakeTimeout: Math.min(handshakeTimeout, REPORT_TIMEOUT_MS) };
    };
    this.#tls = tls;
    this.#failed = new PendingHandshakes(bounds);
    this.#denied = new PendingHandshakes(bounds);
  }

  /** Clients to which an error is being sent. */
  get count(): number {
    return this.#failed.count + this.#denied.count;
  }

  /**
   * Takes ownership of a client: reports the error if its protocol has a place for one, and closes it. Never throws.
   */
  report(client: ReportedClient, kind: ConnectorKind | undefined, error: ClientError): void {
    const reset = client.reset ?? (() => resetSocket(client.socket));
    const protocol = kind === undefined ? undefined : errorProtocols[kind];
    const isGone = client.socket.destroyed || !client.socket.writable;
    if (this.#state === 'closed' || protocol === undefined || isGone) {
      reset();
      return;
    }
    const pending = error.code === 'CLIENT_DENIED' ? this.#denied : this.#failed;
    try {
      const { signal, end } = pending.begin(client.source.address);
      client.socket.once('close', end);
      void conversation({ client, reset, protocol, error, tls: this.#tls, signal }).finally(end);
    } catch {
      reset();
    }
  }

  /**
   * Runs the handshake of a client that is denied, as PendingHandshakes does: `handshake` closes the client, or throws.
   */
  handshakeOfDenied(
    { socket, source }: Pick<ReportedClient, 'socket' | 'source'>,
    handshake: (client: HandshakingClient) => Promise<void>,
  ): void {
    if (this.#state === 'closed') resetSocket(socket);
    else void this.#denied.run(socket, source, handshake, () => {});
  }

  /** Resets the clients to which an error is being sent, and every later client. */
  close(): void {
    this.#state = 'closed';
    this.#failed.abortAll('DRAIN_TIMEOUT');
    this.#denied.abortAll('DRAIN_TIMEOUT');
  }
}
