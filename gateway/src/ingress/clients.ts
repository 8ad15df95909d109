import { BriefSet, IdleWaiters } from '@penstock/runtime';
import { type CloseCode, TunnelError } from '@penstock/wire';
import { ClientConnection, type ClientOptions } from './client-connection.ts';
import type { AcceptingIngress, RoutedClient } from './routed-client.ts';

/** Client counts of one connection. */
export type ClientCounts = {
  readonly open: number;
  /** Those of `open` that are not joined with a target yet. */
  readonly waiting: number;
  /** Clients that were joined with a target, since the connection was added. */
  readonly openedTotal: number;
  readonly failedTotal: number;
};

/** Of the clients of one connection that have ended. */
type Totals = { opened: number; failed: number; bytesFromClients: number; bytesToClients: number };
const noTotals = (): Totals => ({ opened: 0, failed: 0, bytesFromClients: 0, bytesToClients: 0 });

/** The clients whose connection is known, of all ingresses. */
export class Clients {
  readonly #options: ClientOptions;
  readonly #clients = new Map<string, BriefSet<ClientConnection>>();
  #limits: ReadonlyMap<string, number> = new Map();
  readonly #totals = new Map<string, Totals>();
  readonly #idle = new IdleWaiters(() => this.count === 0);

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** `limits` has the maxConnections of every connection. The totals of all other connections are dropped. */
  apply(limits: ReadonlyMap<string, number>): void {
    this.#limits = limits;
    for (const name of this.#totals.keys()) if (!limits.has(name)) this.#totals.delete(name);
  }

  /**
   * Takes ownership of a client and connects it to its target. Throws TunnelError LIMIT_EXCEEDED if the connection has
   * reached its maxConnections; the client then still belongs to the caller.
   */
  serve(connection: string, routed: RoutedClient, accepting: AcceptingIngress): void {
    const limit = this.#limits.get(connection) ?? 0;
    if (this.of(connection) + this.#options.elsewhere.clientsOf(connection) >= limit) {
      throw new TunnelError(
        'LIMIT_EXCEEDED',
        `${connection} has reached its maxConnections (${limit}). Raise it or close idle clients.`,
      );
    }
    const client = new ClientConnection(connection, routed, accepting, this.#options);
    const clients = this.#clients.get(connection) ?? new BriefSet();
    this.#clients.set(connection, clients);
    const leave = clients.add(client);
    void client.run().then((outcome) => {
      // From one count to the other in one turn: no reader sees a client twice, or not at all.
      const totals = this.#totals.get(connection) ?? noTotals();
      totals[outcome] += 1;
      const { bytesFromSocket, bytesToSocket } = client.traffic;
      totals.bytesFromClients += bytesFromSocket;
      totals.bytesToClients += bytesToSocket;
      this.#totals.set(connection, totals);
      leave();
      if (clients.size === 0) this.#clients.delete(connection);
      routed.onClosed?.();
      this.#idle.notify();
    });
  }

  /** The connections that have clients, with their number. */
  *counts(): Generator<readonly [string, number]> {
    for (const [connection, clients] of this.#clients) yield [connection, clients.size];
  }

  get count(): number {
    return this.#clients.values().reduce((sum, clients) => sum + clients.size, 0);
  }

  /** Number of clients of one connection. */
  of(connection: string): number {
    return this.#clients.get(connection)?.size ?? 0;
  }

  countsOf(connection: string): ClientCounts {
    const clients = [...(this.#clients.get(connection) ?? [])];
    const waiting = clients.filter(({ state }) => state === 'dialing').length;
    const joined = clients.filter(({ wasJoined }) => wasJoined).length;
    const { opened, failed } = this.#totals.get(connection) ?? noTotals();
    return { open: clients.length, waiting, openedTotal: opened + joined, failedTotal: failed };
  }

  /** Open clients of one connection, and the bytes of all its clients so far. */
  trafficOf(connection: string): {
    readonly open: number;
    readonly bytesFromClients: number;
    readonly bytesToClients: number;
  } {
    const clients = [...(this.#clients.get(connection) ?? [])];
    let { bytesFromClients, bytesToClients } = this.#totals.get(connection) ?? noTotals();
    for (const { traffic } of clients) {
      bytesFromClients += traffic.bytesFromSocket;
      bytesToClients += traffic.bytesToSocket;
    }
    return { open: clients.length, bytesFromClients, bytesToClients };
  }

  /** Resets the client with this ID in the connection log. False if there is none. */
  abortOne(id: string, code: CloseCode): boolean {
    for (const clients of this.#clients.values()) {
      for (const client of clients) {
        if (client.id !== id) continue;
        client.abort(code);
        return true;
      }
    }
    return false;
  }

  /** Resets every client. */
  abortAll(code: CloseCode): void {
    for (const clients of this.#clients.values()) for (const client of clients) client.abort(code);
  }

  /** Resolves when there are no clients. */
  idle(): Promise<void> {
    return this.#idle.wait();
  }
}
