import { formatHostPort, type GatewayConfig } from '@penstock/config-schema';
import type { DenialReason } from '@penstock/wire';

/** The denials of one source address. */
export type DeniedAddress = {
  readonly address: string;
  /** When it was last denied, in milliseconds since 1970. */
  readonly at: number;
  readonly count: number;
  readonly reason: DenialReason;
  readonly detail: string;
  /** The shared ingress, when it is not known which of its connections the client wanted. */
  readonly ingress: string | undefined;
};

export type DenialReport = {
  /** Since the gateway started, or since the connection was added. */
  readonly counts: Readonly<Partial<Record<DenialReason, number>>>;
  /** Newest first. */
  readonly addresses: readonly DeniedAddress[];
};

export type Denial = {
  readonly address: string;
  readonly reason: DenialReason;
  readonly detail: string;
  /** The connection that the client wanted, if known, and otherwise its ingress. */
  readonly connection: string | undefined;
  readonly ingress: string | undefined;
};

type Scope = {
  readonly counts: Partial<Record<DenialReason, number>>;
  /** In the order of their last denial. */
  readonly addresses: Map<string, DeniedAddress>;
};

/** Addresses kept for each connection and each ingress. */
const MAX_ADDRESSES = 10;
const MAX_DETAIL_LENGTH = 300;

/** The clients that were denied, by connection, or by ingress where the connection is not known. In memory. */
export class Denials {
  readonly #now: () => number;
  readonly #connections = new Map<string, Scope>();
  readonly #ingresses = new Map<string, Scope>();
  #config: Pick<GatewayConfig, 'connections'> | undefined;

  /** `now` returns the system time in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Drops what is no longer in the configuration. Only what is in it is counted. */
  apply(config: Pick<GatewayConfig, 'connections'>): void {
    this.#config = config;
    const names = new Set(config.connections.map(({ name }) => name));
    const listens = new Set(config.connections.flatMap(ingressesOf));
    keepOnly(this.#connections, names);
    keepOnly(this.#ingresses, listens);
  }

  add({ connection, ingress, address, reason, detail }: Denial): void {
    const scope =
      (connection !== undefined ? this.#connections.get(connection) : undefined) ??
      this.#ingresses.get(ingress ?? '');
    if (scope === undefined) return;
    scope.counts[reason] = (scope.counts[reason] ?? 0) + 1;
    const before = scope.addresses.get(address);
    scope.addresses.delete(address);
    scope.addresses.set(address, {
      address,
      at: this.#now(),
      count: (before?.count ?? 0) + 1,
      reason,
      detail: detail.slice(0, MAX_DETAIL_LENGTH),
      ingress: connection === undefined ? ingress : undefined,
    });
    if (scope.addresses.size <= MAX_ADDRESSES) return;
    const [oldest = ''] = scope.addresses.keys();
    scope.addresses.delete(oldest);
  }

  /** Denials of a connection, and those of its ingresses whose connection is not known. */
  of(connection: string): DenialReport {
    const configured = this.#config?.connections.find(({ name }) => name === connection);
    const listens = configured === undefined ? [] : [...new Set(ingressesOf(configured))];
    const scopes = [
      this.#connections.get(connection),
      ...listens.map((listen) => this.#ingresses.get(listen)),
    ].filter((scope) => scope !== undefined);
    const counts: Partial<Record<DenialReason, number>> = {};
    for (const [reason, count] of scopes.flatMap(countsOf)) counts[reason] = (counts[reason] ?? 0) + count;
    const addresses = scopes.flatMap((scope) => [...scope.addresses.values()]);
    return {
      counts,
      addresses: addresses.sort((one, other) => other.at - one.at).slice(0, MAX_ADDRESSES),
    };
  }

  /** Clients of a connection that were denied, without those whose connection is not known. */
  totalOf(connection: string): number {
    const scope = this.#connections.get(connection);
    return scope === undefined ? 0 : countsOf(scope).reduce((sum, [, count]) => sum + count, 0);
  }

  /** Every count, each client once; without a connection where it is not known. */
  *counts(): Generator<{ connection: string | undefined; reason: DenialReason; count: number }> {
    for (const [connection, scope] of this.#connections) {
      for (const [reason, count] of countsOf(scope)) yield { connection, reason, count };
    }
    for (const scope of this.#ingresses.values()) {
      for (const [reason, count] of countsOf(scope)) yield { connection: undefined, reason, count };
    }
  }
}

const countsOf = ({ counts }: Scope) => Object.entries(counts) as [DenialReason, number][];

const ingressesOf = ({ ingress }: GatewayConfig['connections'][number]) =>
  ingress.map(({ listen }) => formatHostPort(listen));

function keepOnly(scopes: Map<string, Scope>, wanted: ReadonlySet<string>): void {
  for (const key of scopes.keys()) if (!wanted.has(key)) scopes.delete(key);
  for (const key of wanted) if (!scopes.has(key)) scopes.set(key, { counts: {}, addresses: new Map() });
}
