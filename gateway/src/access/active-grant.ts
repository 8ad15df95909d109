import { addressRanges } from '@penstock/config-schema';
import { BriefSet } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import type { Elsewhere } from './elsewhere.ts';

/** What a grant permits, as the data plane enforces it. It contains no secret. */
export type GrantTerms = {
  readonly id: string;
  readonly name: string;
  /** `hashOfGrant` of its secret. */
  readonly hash: string;
  /** Names of the connections it permits. */
  readonly connections: readonly string[];
  /** CIDR ranges that clients must connect from, in addition to the ingress's own allow list. Undefined: anywhere. */
  readonly sources: readonly string[] | undefined;
  /** Concurrent client connections. Undefined: no limit of its own. */
  readonly maxConnections: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
};

/** One client connection's use of a grant. */
export type GrantUse = {
  /** Aborted with TunnelError GRANT_INVALID when the grant expires or is revoked. */
  readonly signal: AbortSignal;
  /** The caller must call this when the client connection is closed. Idempotent. */
  readonly release: () => void;
};

/** A grant that has neither expired nor been revoked, with the client connections that use it. */
export class ActiveGrant {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly expiresAt: number;
  readonly #connections: ReadonlySet<string>;
  readonly #allowsSource: (address: string) => boolean;
  readonly #maxConnections: number;
  readonly #elsewhere: Pick<Elsewhere, 'usesOf'> | undefined;
  readonly #uses = new BriefSet<AbortController>();

  /** Its uses `elsewhere` count toward its maxConnections. */
  constructor(
    { id, name, hash, expiresAt, connections, sources, maxConnections }: GrantTerms,
    elsewhere?: Pick<Elsewhere, 'usesOf'>,
  ) {
    this.#elsewhere = elsewhere;
    this.id = id;
    this.name = name;
    this.hash = hash;
    this.expiresAt = expiresAt;
    this.#connections = new Set(connections);
    this.#allowsSource = sources === undefined ? () => true : addressRanges(sources);
    this.#maxConnections = maxConnections ?? Number.POSITIVE_INFINITY;
  }

  /** Client connections that currently use this grant. */
  get useCount(): number {
    return this.#uses.size;
  }

  /** Whether a client at this address may use this grant for a connection. */
  permits(connection: string, address: string): boolean {
    return this.#connections.has(connection) && this.#allowsSource(address);
  }

  /** Whether a client at this address may use this grant for any connection. */
  allowsSource(address: string): boolean {
    return this.#allowsSource(address);
  }

  /** Counts one client connection. Throws TunnelError LIMIT_EXCEEDED if maxConnections is reached. */
  use(): GrantUse {
    if (this.#uses.size + (this.#elsewhere?.usesOf(this.id) ?? 0) >= this.#maxConnections) {
      throw new TunnelError(
        'LIMIT_EXCEEDED',
        `Grant ${this.id} has reached its maxConnections (${this.#maxConnections}).`,
      );
    }
    const controller = new AbortController();
    return { signal: controller.signal, release: this.#uses.add(controller) };
  }

  /** Aborts every use. `reason` completes the sentence "Grant … ". */
  end(reason: string): void {
    for (const use of this.#uses) use.abort(new TunnelError('GRANT_INVALID', `Grant ${this.id} ${reason}.`));
    this.#uses.clear();
  }
}
