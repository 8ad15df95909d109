import type { AddressInfo } from 'node:net';
import type { GatewayConfig } from '@penstock/config-schema';
import { bindError, type CloseCode } from '@penstock/wire';
import type { GatewayLog } from '../observe/event.ts';
import type { GatewayMetrics } from '../observe/metrics.ts';
import type { Dialed, DialWishes } from '../routing/dial.ts';
import type { Arrival } from './arrival.ts';
import { ClientConnection } from './client-connection.ts';
import { openWayIn } from './open-way-in.ts';
import { addressText, type OpenWayIn, type WayIn, waysIn } from './way-in.ts';

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

/** Milliseconds until an ingress that could not be opened is tried again. */
const RETRY_INTERVAL = 5_000;

const leadsTo = ({ ways }: WayIn, name: string) => ways.some(({ connection }) => connection.name === name);
const addressOfKey = (key: string) => key.split(' ').at(-1) ?? '';

/** All ways in for clients, and the clients that came through them. Follows the configuration by difference. */
export class Ingresses {
  readonly #options: IngressOptions;
  readonly #open = new Map<string, { readonly wayIn: WayIn; readonly listener: OpenWayIn }>();
  readonly #clients = new Map<string, Set<ClientConnection>>();
  readonly #limits = new Map<string, number>();
  readonly #totals = new Map<string, { opened: number; failed: number }>();
  #wanted: ReadonlyMap<string, WayIn> = new Map();
  #config: GatewayConfig | undefined;
  /** Why a listener is not open, by its key. */
  readonly #failures = new Map<string, string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #life: 'open' | 'closed' = 'open';
  readonly #idle: (() => void)[] = [];

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /** Opens what is new, closes what is gone, and leaves the rest alone. Throws when `strict` and one cannot be opened. */
  async apply(config: GatewayConfig, strict: boolean): Promise<void> {
    this.#config = config;
    this.#limits.clear();
    for (const name of this.#totals.keys()) {
      if (!config.connections.some((connection) => connection.name === name)) this.#totals.delete(name);
    }
    for (const { name, maxConnections } of config.connections) this.#limits.set(name, maxConnections);
    const wanted = waysIn(config);
    if (this.#life === 'closed') return;
    this.#failures.clear();
    this.#stopRetrying();
    const taken = new Set([...wanted.values()].map(({ listen }) => addressText(listen)));
    // First what stands in the way of a new one, then the new ones, then the rest: a connection is never without.
    await this.#close((key) => !wanted.has(key) && taken.has(addressOfKey(key)));
    for (const [key, wayIn] of wanted) {
      const open = this.#open.get(key);
      if (open === undefined) await this.#openOne(key, wayIn, strict);
      else {
        open.listener.apply(wayIn.ways);
        this.#open.set(key, { wayIn, listener: open.listener });
      }
    }
    this.#wanted = wanted;
    await this.#closeReplaced();
  }

  /** Why an ingress that the configuration asks for is not open, by listener. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  /** Where each connection can be reached now. */
  addressesOf(connection: string): readonly AddressInfo[] {
    return [...this.#open.values()]
      .filter(({ wayIn }) => leadsTo(wayIn, connection))
      .map(({ listener }) => listener.address);
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
    const failed = [...this.#wanted].filter(([key]) => this.#failures.has(key));
    const standsIn = ({ ways }: WayIn) =>
      ways.some(({ connection }) => failed.some(([, wayIn]) => leadsTo(wayIn, connection.name)));
    await this.#close((key) => {
      const wayIn = this.#open.get(key)?.wayIn;
      return !this.#wanted.has(key) && wayIn !== undefined && !standsIn(wayIn);
    });
  }

  async #close(isGone: (key: string) => boolean): Promise<void> {
    for (const [key, { listener }] of this.#open) {
      if (!isGone(key)) continue;
      this.#open.delete(key);
      await listener.close();
      this.#options.log('ingress-closed', { ingress: key });
    }
  }

  async #openOne(key: string, wayIn: WayIn, strict: boolean): Promise<void> {
    const { log } = this.#options;
    const connection = wayIn.ways.map((way) => way.connection.name).join(', ');
    try {
      const listener = await openWayIn(wayIn, {
        config: () => this.#configInForce,
        serve: (name, client) => this.#serve(name, client),
        log,
      });
      if (this.#life === 'closed') {
        await listener.close();
        return;
      }
      this.#open.set(key, { wayIn, listener });
      this.#failures.delete(key);
      const { address: host, port } = listener.address;
      log('ingress-listening', { connection, kind: wayIn.kind, address: addressText({ host, port }) });
    } catch (error) {
      const problem = bindError(`the ingress of ${connection}`, wayIn.listen, error);
      this.#failures.set(key, problem.message);
      log('ingress-failed', { connection, address: addressText(wayIn.listen), detail: problem.message });
      if (strict) throw problem;
      this.#retry(key, wayIn);
    }
  }

  get #configInForce(): GatewayConfig {
    if (this.#config === undefined) throw new TypeError('A way in is open before there is a configuration.');
    return this.#config;
  }

  /** Tries again later, unless another configuration has come: the address may be taken for a moment only. */
  #retry(key: string, wayIn: WayIn): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void this.#openOne(key, wayIn, false).then(() => this.#closeReplaced());
    }, RETRY_INTERVAL);
    this.#retries.add(timer);
  }

  #stopRetrying(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }

  #serve(connection: string, arrival: Arrival): boolean {
    if (this.clientsOf(connection) >= (this.#limits.get(connection) ?? 0)) return false;
    const client = new ClientConnection(arrival, {
      connection,
      dial: (signal) => this.#options.dial(connection, arrival.address, signal, arrival.wishes),
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
