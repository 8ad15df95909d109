import { IdleWaiters } from '@penstock/runtime';
import type { CloseCode } from '@penstock/wire';
import { ClientConnection, type ClientOptions } from './client-connection.ts';
import type { RoutedClient } from './routed-client.ts';

/** Figures of one connection: clients now, those of them not yet joined with a target, and sums since the start. */
export type ClientCounts = {
  readonly open: number;
  readonly waiting: number;
  readonly openedTotal: number;
  readonly failedTotal: number;
};

/** The clients that have said which connection they want, whichever way they came. */
export class Clients {
  readonly #options: ClientOptions;
  readonly #clients = new Map<string, Set<ClientConnection>>();
  #limits: ReadonlyMap<string, number> = new Map();
  readonly #totals = new Map<string, { opened: number; failed: number }>();
  readonly #idle = new IdleWaiters(() => this.count === 0);

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** `limits`: clients that each connection may have at once. Those that are gone are no longer counted. */
  apply(limits: ReadonlyMap<string, number>): void {
    this.#limits = limits;
    for (const name of this.#totals.keys()) if (!limits.has(name)) this.#totals.delete(name);
  }

  /** Dials for a client and joins it with its target; false, and nothing done to it, when its connection is full. */
  serve(connection: string, routed: RoutedClient): boolean {
    if (this.of(connection) >= (this.#limits.get(connection) ?? 0)) return false;
    const client = new ClientConnection(connection, routed, this.#options);
    const clients = this.#clients.get(connection) ?? new Set();
    this.#clients.set(connection, clients.add(client));
    void client.run().then((outcome) => {
      const totals = this.#totals.get(connection) ?? { opened: 0, failed: 0 };
      totals[outcome] += 1;
      this.#totals.set(connection, totals);
      clients.delete(client);
      if (clients.size === 0) this.#clients.delete(connection);
      routed.ended?.();
      this.#idle.notify();
    });
    return true;
  }

  get count(): number {
    return this.#clients.values().reduce((sum, clients) => sum + clients.size, 0);
  }

  of(connection: string): number {
    return this.#clients.get(connection)?.size ?? 0;
  }

  countsOf(connection: string): ClientCounts {
    const clients = this.#clients.get(connection) ?? new Set();
    const waiting = clients
      .values()
      .reduce((count, client) => count + (client.state === 'dialing' ? 1 : 0), 0);
    const { opened = 0, failed = 0 } = this.#totals.get(connection) ?? {};
    return { open: clients.size, waiting, openedTotal: opened, failedTotal: failed };
  }

  /** Ends every client by a reset. */
  abortAll(code: CloseCode): void {
    for (const clients of this.#clients.values()) for (const client of clients) client.abort(code);
  }

  /** Resolves when no client is left. */
  idle(): Promise<void> {
    return this.#idle.wait();
  }
}
