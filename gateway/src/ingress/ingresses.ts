import type { AddressInfo } from 'node:net';
import type { GatewayConfig, Ingress } from '@penstock/config-schema';
import { AddressLimit, type Clock } from '@penstock/runtime';
import { bindError, type CloseCode } from '@penstock/wire';
import { GrantFailures } from '../access/grant-failures.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { ClientOptions } from './client-connection.ts';
import { Clients } from './clients.ts';
import {
  addressText,
  type IngressServices,
  type ListenerConfig,
  listenersOf,
  type OpenListener,
} from './ingress-handler.ts';
import { openIngress } from './open-ingress.ts';
import { PendingHandshakes } from './pending-handshakes.ts';

export type IngressOptions = Omit<ClientOptions, 'idleTimeout'> &
  Pick<IngressServices, 'grants' | 'offerOf' | 'tls'> & {
    readonly limits: () => GatewayConfig['limits'];
    readonly clock: Clock;
  };

/** A way in as it is open now. */
export type OpenIngress = { readonly ingress: Ingress; readonly address: AddressInfo };

/** Milliseconds until an ingress that could not be opened is tried again. */
const RETRY_INTERVAL = 5_000;

const leadsTo = ({ bindings }: ListenerConfig, name: string) =>
  bindings.some(({ connection }) => connection.name === name);
const addressOfKey = (key: string) => key.split(' ').at(-1) ?? '';

/** All ways in for clients, and the clients that came through them. Follows the configuration by difference. */
export class Ingresses {
  readonly clients: Clients;
  readonly #log: DataPlaneLog;
  readonly #open = new Map<
    string,
    { readonly listenerConfig: ListenerConfig; readonly listener: OpenListener }
  >();
  readonly #services: IngressServices;
  #wanted: ReadonlyMap<string, ListenerConfig> = new Map();
  #config: GatewayConfig | undefined;
  /** Why a listener is not open, by its key. */
  readonly #failures = new Map<string, string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #life: 'open' | 'closed' = 'open';

  constructor(options: IngressOptions) {
    const { limits, log, grants, offerOf, clock } = options;
    this.#log = log;
    this.clients = new Clients({ ...options, idleTimeout: () => limits().idleTimeout });
    this.#services = {
      config: () => this.#configInForce,
      serve: (connection, routed) => this.clients.serve(connection, routed),
      denied: ({ address: client, port: clientPort }, { code, message: detail }, connection, ingress) =>
        log('client-denied', { connection, ingress, client, clientPort, code, detail }),
      handshakes: new PendingHandshakes(limits),
      addresses: new AddressLimit(() => limits().connectionsPerAddress),
      tls: options.tls,
      dial: options.dial,
      grants,
      failures: new GrantFailures(clock),
      offerOf,
      log,
    };
  }

  /** Opens what is new, closes what is gone, and leaves the rest alone. Throws when `strict` and one cannot be opened. */
  async apply(config: GatewayConfig, strict: boolean): Promise<void> {
    this.#config = config;
    this.clients.apply(new Map(config.connections.map(({ name, maxConnections }) => [name, maxConnections])));
    const wanted = listenersOf(config);
    if (this.#life === 'closed') return;
    this.#failures.clear();
    this.#stopRetrying();
    const taken = new Set([...wanted.values()].map(({ listen }) => addressText(listen)));
    // First what stands in the way of a new one, then the new ones, then the rest: a connection is never without.
    this.#close((key) => !wanted.has(key) && taken.has(addressOfKey(key)));
    for (const [key, listenerConfig] of wanted) {
      const open = this.#open.get(key);
      if (open === undefined) await this.#openOne(key, listenerConfig, strict);
      else {
        open.listener.apply(listenerConfig.bindings);
        this.#open.set(key, { listenerConfig, listener: open.listener });
      }
    }
    this.#wanted = wanted;
    this.#closeReplaced();
  }

  /** Why an ingress that the configuration asks for is not open, by listener. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  /** Where and how a connection can be reached now. */
  ingressesOf(name: string): readonly OpenIngress[] {
    return [...this.#open.values()].flatMap(({ listenerConfig, listener: { address } }) =>
      listenerConfig.bindings
        .filter(({ connection }) => connection.name === name)
        .map(({ ingress }) => ({ ingress, address })),
    );
  }

  /** Takes no new clients anywhere, for good. */
  async stopAccepting(): Promise<void> {
    this.#life = 'closed';
    this.#stopRetrying();
    this.#close(() => true);
    this.#services.handshakes.abortAll('CLIENT_DENIED');
  }

  /** Ends every client by a reset. */
  abortAll(code: CloseCode): void {
    this.clients.abortAll(code);
  }

  /** Closes what the configuration no longer has, but for what stands in for an ingress that could not be opened. */
  #closeReplaced(): void {
    const failed = [...this.#wanted].filter(([key]) => this.#failures.has(key));
    const standsIn = ({ bindings }: ListenerConfig) =>
      bindings.some(({ connection }) =>
        failed.some(([, listenerConfig]) => leadsTo(listenerConfig, connection.name)),
      );
    this.#close((key) => {
      const listenerConfig = this.#open.get(key)?.listenerConfig;
      return !this.#wanted.has(key) && listenerConfig !== undefined && !standsIn(listenerConfig);
    });
  }

  #close(isGone: (key: string) => boolean): void {
    for (const [key, { listener }] of this.#open) {
      if (!isGone(key)) continue;
      this.#open.delete(key);
      listener.close();
      this.#log('ingress-closed', { ingress: key });
    }
  }

  async #openOne(key: string, listenerConfig: ListenerConfig, strict: boolean): Promise<void> {
    const log = this.#log;
    const connection = listenerConfig.bindings.map((binding) => binding.connection.name).join(', ');
    try {
      const listener = await openIngress(listenerConfig, this.#services);
      if (this.#life === 'closed') {
        listener.close();
        return;
      }
      this.#open.set(key, { listenerConfig, listener });
      this.#failures.delete(key);
      const { address: host, port } = listener.address;
      log('ingress-listening', {
        connection,
        kind: listenerConfig.kind,
        address: addressText({ host, port }),
      });
    } catch (error) {
      const problem = bindError(`the ingress of ${connection}`, listenerConfig.listen, error);
      this.#failures.set(key, problem.message);
      log('ingress-failed', {
        connection,
        address: addressText(listenerConfig.listen),
        detail: problem.message,
      });
      if (strict) throw problem;
      this.#retry(key, listenerConfig);
    }
  }

  get #configInForce(): GatewayConfig {
    if (this.#config === undefined) throw new TypeError('A way in is open before there is a configuration.');
    return this.#config;
  }

  /** Tries again later, unless another configuration has come: the address may be taken for a moment only. */
  #retry(key: string, listenerConfig: ListenerConfig): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void this.#openOne(key, listenerConfig, false).then(() => this.#closeReplaced());
    }, RETRY_INTERVAL);
    this.#retries.add(timer);
  }

  #stopRetrying(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
  }
}
