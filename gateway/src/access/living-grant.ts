import { addressRanges } from '@penstock/config-schema';
import type { GrantRow } from '@penstock/store';
import { TunnelError } from '@penstock/wire';

/** What one client connection takes of a grant. */
export type GrantUse = {
  /** Aborted with TunnelError GRANT_INVALID when the grant is revoked or expires. */
  readonly signal: AbortSignal;
  /** Must be called when the client is gone; again does nothing. */
  readonly release: () => void;
};

/** A grant that can be used now. */
export class LivingGrant {
  readonly id: string;
  readonly hash: string;
  readonly expiresAt: number;
  readonly #connections: ReadonlySet<string>;
  readonly #comesFrom: (address: string) => boolean;
  readonly #most: number;
  readonly #uses = new Set<AbortController>();

  constructor(row: GrantRow) {
    this.id = row.id;
    this.hash = row.hash;
    this.expiresAt = row.expiresAt;
    this.#connections = new Set(connectionsOf(row));
    const sources = sourcesOf(row);
    this.#comesFrom = sources === undefined ? () => true : addressRanges(sources);
    this.#most = row.maxConnections ?? Number.POSITIVE_INFINITY;
  }

  /** Client connections that use it now. */
  get inUse(): number {
    return this.#uses.size;
  }

  /** Whether a client from this address may use it for a connection. */
  covers(connection: string, address: string): boolean {
    return this.#connections.has(connection) && this.#comesFrom(address);
  }

  /** Whether a client from this address may use it at all. */
  isFrom(address: string): boolean {
    return this.#comesFrom(address);
  }

  /** Takes one of its connections. Throws TunnelError LIMIT_EXCEEDED when it has no more. */
  use(): GrantUse {
    if (this.#uses.size >= this.#most) {
      throw new TunnelError('LIMIT_EXCEEDED', `The grant ${this.id} has its ${this.#most} connections.`);
    }
    const controller = new AbortController();
    this.#uses.add(controller);
    return { signal: controller.signal, release: () => void this.#uses.delete(controller) };
  }

  /** Ends every client that uses it. */
  end(reason: string): void {
    for (const use of this.#uses)
      use.abort(new TunnelError('GRANT_INVALID', `The grant ${this.id} ${reason}.`));
    this.#uses.clear();
  }
}

export function connectionsOf({ connections }: GrantRow): string[] {
  return JSON.parse(connections) as string[];
}

export function sourcesOf({ sources }: GrantRow): string[] | undefined {
  return sources === null ? undefined : (JSON.parse(sources) as string[]);
}
