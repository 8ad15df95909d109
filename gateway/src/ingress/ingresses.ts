import type { AddressInfo } from 'node:net';
import { formatHostPort, type GatewayConfig, type Ingress } from '@penstock/config-schema';
import { AddressLimit, type Clock } from '@penstock/runtime';
import { bindError, type CloseCode, denialReasons } from '@penstock/wire';
import { denialReasonOf } from '../access/client-denied.ts';
import type { Denials } from '../access/denials.ts';
import { GrantFailures } from '../access/grant-failures.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { ClientOptions } from './client-connection.ts';
import { ErrorReports } from './client-errors/error-reports.ts';
import { Clients } from './clients.ts';
import type { SharedServices } from './ingress-handler.ts';
import type { OpenListener } from './listener.ts';
import { type ListenerConfig, listenersOf } from './listener-config.ts';
import { openIngress } from './open-ingress.ts';
import { PendingHandshakes } from './pending-handshakes.ts';
import { CancelPorts } from './postgresql/cancel-ports.ts';

export type IngressOptions = Omit<ClientOptions, 'idleTimeout'> &
  Pick<SharedServices, 'elsewhere' | 'grants' | 'kindOf' | 'offerOf' | 'tls'> & {
    readonly limits: () => GatewayConfig['limits'];
    readonly denials: Denials;
    readonly clock: Clock;
  };

/** An ingress whose listener is open, with the address it listens on. */
export type OpenIngress = { readonly ingress: Ingress; readonly address: AddressInfo };

type Open = { readonly config: ListenerConfig; readonly listener: OpenListener };

const RETRY_INTERVAL_MS = 5_000;

const isBoundTo = ({ bindings }: ListenerConfig, name: string) =>
  bindings.some(({ connection }) => connection.name === name);

/** All ingresses and their clients. A changed configuration opens and closes only the listeners that differ. */
export class Ingresses {
  readonly clients: Clients;
  readonly cancelPorts = new CancelPorts();
  readonly #log: DataPlaneLog;
  readonly #open = new Map<string, Open>();
  readonly #services: SharedServices;
  readonly #denials: Denials;
  #wanted: ReadonlyMap<string, ListenerConfig> = new Map();
  #config: GatewayConfig | undefined;
  /** Why a listener of the configuration is not open, by key. */
  readonly #failures = new Map<string, string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Retries whose listener is being opened. */
  readonly #opening = new Set<Promise<void>>();
  #state: 'open' | 'closed' = 'open';

  constructor(options: IngressOptions) {
    const { limits, log, elsewhere, grants, denials, kindOf, offerOf, clock, dial, tls, connectionLog } =
      options;
    this.#log = log;
    this.#denials = denials;
    this.clients = new Clients({ ...options, idleTimeout: () => limits().idleTimeout });
    this.#services = {
      config: () => this.#configInForce,
      serve: (connection, client, accepting) => this.clients.serve(connection, client, accepting),
      denied: ({ address: client, port: clientPort }, error, connection, ingress) => {
        const { code, message: detail } = error;
        if (code === 'CLIENT_GONE') {
          log('client-left', { connection, ingress, client, clientPort, code, detail });
          return;
        }
        const reason = denialReasonOf(error);
        denials.add({ address: client, reason, detail, connection, ingress });
        connectionLog.denied({ connection, ingress, address: client, code, detail });
        log('client-denied', { connection, ingress, client, clientPort, code, reason, detail });
      },
      grantRequested: ({ address }, connection, ingress) => {
        const reason = 'grant-requested';
        denials.add({ address, reason, detail: denialReasons[reason], connection, ingress });
      },
      errorReports: new ErrorReports({
        limits,
        tls: { tls, isForClients: () => this.#config?.ingressTls !== undefined },
      }),
      kindOf,
      handshakes: new PendingHandshakes(limits),
      addresses: new AddressLimit(() => limits().connectionsPerAddress),
      tls,
      dial,
      elsewhere,
      cancelPorts: this.cancelPorts,
      grants,
      failures: new GrantFailures(clock),
      offerOf,
      log,
    };
  }

  /**
   * Opens listeners that are new in `config`, closes those that are no longer in it, and leaves the others open. A
   * listener that cannot be opened is retried; with `strict` it makes this reject instead.
   */
  async apply(config: GatewayConfig, strict: boolean): Promise<void> {
    this.#config = config;
    this.#denials.apply(config);
    this.clients.apply(new Map(config.connections.map(({ name, maxConnections }) => [name, maxConnections])));
    const wanted = listenersOf(config);
    if (this.#state === 'closed') return;
    this.#stopRetrying();
    // What they open has the previous configuration, until the new one is applied to it below.
    await Promise.all(this.#opening);
    if (this.#isClosed()) return;
    this.#failures.clear();
    this.#stopRetrying();
    const addresses = new Set([...wanted.values()].map(({ listen }) => formatHostPort(listen)));
    // Listeners whose address a new one needs are closed first, all other removed ones only after the new ones are
    // open: no connection is without an ingress in between.
    this.#closeWhere((key, { listen }) => !wanted.has(key) && addresses.has(formatHostPort(listen)));
    for (const [key, each] of wanted) {
      const open = this.#open.get(key);
      if (open === undefined) await this.#openOne(key, each, strict);
      else {
        open.listener.apply(each.bindings);
        this.#open.set(key, { config: each, listener: open.listener });
      }
    }
    this.#wanted = wanted;
    this.#closeReplaced();
  }

  /** Why listeners of the configuration are not open, by key. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  /** The open ingresses of a connection. */
  ingressesOf(name: string): readonly OpenIngress[] {
    return [...this.#open.values()].flatMap(({ config, listener: { address } }) =>
      config.bindings
        .filter(({ connection }) => connection.name === name)
        .map(({ ingress }) => ({ ingress, address })),
    );
  }

  /** Closes all listeners permanently and aborts pending handshakes. Clients that are being served are not affected. */
  async stopAccepting(): Promise<void> {
    this.#state = 'closed';
    this.#stopRetrying();
    this.#closeWhere(() => true);
    this.#services.handshakes.abortAll('CLIENT_DENIED');
  }

  /** Resets every client that is being served. */
  abortAll(code: CloseCode): void {
    this.#services.errorReports.close();
    this.clients.abortAll(code);
  }

  /** Closes listeners that are not in the configuration, unless they replace one of their connections that failed to open. */
  #closeReplaced(): void {
    const failed = [...this.#wanted].filter(([key]) => this.#failures.has(key)).map(([, config]) => config);
    const isNeeded = ({ bindings }: ListenerConfig) =>
      bindings.some(({ connection }) => failed.some((config) => isBoundTo(config, connection.name)));
    this.#closeWhere((key, config) => !this.#wanted.has(key) && !isNeeded(config));
  }

  #closeWhere(isClosing: (key: string, config: ListenerConfig) => boolean): void {
    for (const [key, { config, listener }] of this.#open) {
      if (!isClosing(key, config)) continue;
      this.#open.delete(key);
      listener.close();
      this.#log('ingress-closed', { ingress: key });
    }
  }

  async #openOne(key: string, config: ListenerConfig, strict: boolean): Promise<void> {
    const log = this.#log;
    const connection = config.bindings.map((binding) => binding.connection.name).join(', ');
    try {
      const listener = await openIngress(config, this.#services);
      if (this.#state === 'closed') {
        listener.close();
        return;
      }
      this.#open.set(key, { config, listener });
      this.#failures.delete(key);
      const { address: host, port } = listener.address;
      log('ingress-listening', { connection, kind: config.kind, address: formatHostPort({ host, port }) });
    } catch (error) {
      const problem = bindError(`the ingress of ${connection}`, config.listen, error);
      this.#failures.set(key, problem.message);
      log('ingress-failed', {
        connection,
        address: formatHostPort(config.listen),
        detail: problem.message,
      });
      if (strict) throw problem;
      this.#retry(key, config);
    }
  }

  /** A method, because the state changes while `apply` waits. */
  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  get #configInForce(): GatewayConfig {
    if (this.#config === undefined) throw new TypeError('An ingress is open without a configuration.');
    return this.#config;
  }

  /** Tries again later, unless the configuration changes first: the address may be in use only for a moment. */
  #retry(key: string, config: ListenerConfig): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      const opening = this.#openOne(key, config, false).then(() => {
        this.#opening.delete(opening);
        this.#closeReplaced();
      });
      this.#opening.add(opening);
    }, RETRY_INTERVAL_MS);
    this.#retries.add(timer);
  }

  #stopRetrying(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }
}
