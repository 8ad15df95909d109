import type { AddressInfo } from 'node:net';
import type { Connection, GatewayConfig, HostPort } from '@penstock/config-schema';
import { bindError, type CloseCode } from '@penstock/wire';
import { sourceAllowList } from '../access/source-address.ts';
import type { GatewayLog } from '../observe/event.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Dialed, DialWishes } from '../routing/dial.ts';
import type { AcceptedSocket } from './accepted-socket.ts';
import { ClientConnection } from './client-connection.ts';
import { type Ingress, openTcpIngress } from './tcp.ts';

export type IngressOptions = {
  readonly dial: (
    connection: string,
    client: string,
    signal: AbortSignal,
    wishes?: DialWishes,
  ) => Promise<Dialed>;
  readonly halfClosedTimeout: () => number;
  readonly log: GatewayLog;
  readonly metrics: GatewayMetrics;
};

/** Figures of one connection: clients now, those of them not yet joined with a target, and sums since the start. */
export type ClientCounts = {
  readonly open: number;
  readonly waiting: number;
  readonly openedTotal: number;
  readonly failedTotal: number;
};

const addressKey = ({ host, port }: HostPort) =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Milliseconds until an ingress that could not be opened is tried again. */
const RETRY_INTERVAL = 5_000;

const connectionOfKey = (key: string) => key.split(' ')[0] ?? '';
const addressOfKey = (key: string) => key.split(' ').at(-1) ?? '';

/** All ways in for clients, and the clients that came through them. Follows the configuration by difference. */
export class Ingresses {
  readonly #options: IngressOptions;
  readonly #open = new Map<string, Ingress>();
  readonly #clients = new Map<string, Set<ClientConnection>>();
  readonly #limits = new Map<string, number>();
  readonly #totals = new Map<string, { opened: number; failed: number }>();
  #wanted: ReadonlySet<string> = new Set();
  readonly #failures = new Map<string, string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #life: 'open' | 'closed' = 'open';
  readonly #idle: (() => void)[] = [];

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /** Opens what is new, closes what is gone, and leaves the rest alone. Throws when `strict` and one cannot be opened. */
  async apply(config: GatewayConfig, strict: boolean): Promise<void> {
    this.#limits.clear();
    for (const name of this.#totals.keys()) {
      if (!config.connections.some((connection) => connection.name === name)) this.#totals.delete(name);
    }
    const wanted = new Map<string, { connection: Connection; listen: HostPort; allow: readonly string[] }>();
    for (const connection of config.connections) {
      this.#limits.set(connection.name, connection.maxConnections);
      for (const [index, ingress] of connection.ingress.entries()) {
        const { listen: tcp, allow } = ingress;
        if (ingress.kind !== 'tcp') throw new TypeError(`This release does not serve ${ingress.kind} yet.`);
        // Port 0 is another port each time: such an ingress is known by its place.
        const key = `${connection.name} ${tcp.port === 0 ? `#${index} ` : ''}${addressKey(tcp)}`;
        wanted.set(key, { connection, listen: tcp, allow });
      }
    }
    if (this.#life === 'closed') return;
    this.#failures.clear();
    this.#stopRetrying();
    const taken = new Set([...wanted.values()].map(({ listen }) => addressKey(listen)));
    // First what stands in the way of a new one, then the new ones, then the rest: a connection is never without.
    await this.#close((key) => !wanted.has(key) && taken.has(addressOfKey(key)));
    for (const [key, { connection, listen, allow }] of wanted) {
      const isAllowed = sourceAllowList(allow);
      const open = this.#open.get(key);
      if (open === undefined) await this.#openOne(key, connection.name, listen, isAllowed, strict);
      else open.setAllowed(isAllowed);
    }
    this.#wanted = new Set(wanted.keys());
    await this.#closeReplaced();
  }

  /** Why an ingress that the configuration asks for is not open, by connection. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  /** Where each connection can be reached now. */
  addressesOf(connection: string): readonly AddressInfo[] {
    return [...this.#open]
      .filter(([key]) => key.startsWith(`${connection} `))
      .map(([, { address }]) => address);
  }

  clientsOf(connection: string): number {
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

  get clients(): number {
    return this.#clients.values().reduce((sum, clients) => sum + clients.size, 0);
  }

  /** Takes no new clients anywhere, for good. */
  async stopAccepting(): Promise<void> {
    this.#life = 'closed';
    this.#stopRetrying();
    await this.#close(() => true);
  }

  /** Ends every client by a reset. */
  abortAll(code: CloseCode): void {
    for (const clients of this.#clients.values()) for (const client of clients) client.abort(code);
  }

  /** Comes back when no client is left. */
  idle(): Promise<void> {
    if (this.clients === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    return promise;
  }

  /** Closes what the configuration no longer has, but for what stands in for an ingress that could not be opened. */
  async #closeReplaced(): Promise<void> {
    await this.#close((key) => !this.#wanted.has(key) && !this.#failures.has(connectionOfKey(key)));
  }

  async #close(isGone: (key: string) => boolean): Promise<void> {
    for (const [key, ingress] of this.#open) {
      if (!isGone(key)) continue;
      this.#open.delete(key);
      await ingress.close();
      this.#options.log('ingress-closed', { ingress: key });
    }
  }

  async #openOne(
    key: string,
    connection: string,
    listen: HostPort,
    isAllowed: (address: string) => boolean,
    strict: boolean,
  ): Promise<void> {
    const { log } = this.#options;
    try {
      const serve = (accepted: AcceptedSocket) => this.#serve(connection, accepted);
      const ingress = await openTcpIngress({ connection, listen, isAllowed, serve, log });
      if (this.#life === 'closed') {
        await ingress.close();
        return;
      }
      this.#open.set(key, ingress);
      this.#failures.delete(connection);
      const { address: host, port } = ingress.address;
      log('ingress-listening', { connection, address: addressKey({ host, port }) });
    } catch (error) {
      const problem = bindError(`the ingress of ${connection}`, listen, error);
      this.#failures.set(connection, problem.message);
      log('ingress-failed', { connection, address: addressKey(listen), detail: problem.message });
      if (strict) throw problem;
      this.#retry(key, connection, listen, isAllowed);
    }
  }

  /** Tries again later, unless another configuration has come: the address may be taken for a moment only. */
  #retry(key: string, connection: string, listen: HostPort, isAllowed: (address: string) => boolean): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void this.#openOne(key, connection, listen, isAllowed, false).then(() => this.#closeReplaced());
    }, RETRY_INTERVAL);
    this.#retries.add(timer);
  }

  #stopRetrying(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }

  #serve(connection: string, accepted: AcceptedSocket): boolean {
    if (this.clientsOf(connection) >= (this.#limits.get(connection) ?? 0)) return false;
    const client = new ClientConnection(accepted, {
      connection,
      dial: (address, signal) => this.#options.dial(connection, address, signal),
      halfClosedTimeout: this.#options.halfClosedTimeout,
      log: this.#options.log,
      metrics: this.#options.metrics,
    });
    const clients = this.#clients.get(connection) ?? new Set();
    this.#clients.set(connection, clients.add(client));
    void client.run().then((outcome) => {
      const totals = this.#totals.get(connection) ?? { opened: 0, failed: 0 };
      totals[outcome] += 1;
      this.#totals.set(connection, totals);
      clients.delete(client);
      if (clients.size === 0) this.#clients.delete(connection);
      if (this.clients === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
    return true;
  }
}
