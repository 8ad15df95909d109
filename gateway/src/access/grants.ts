import { timingSafeEqual } from 'node:crypto';
import type { GrantRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import { hashOfGrant, makeGrantSecret } from './grant-secret.ts';
import { connectionsOf, LivingGrant, sourcesOf } from './living-grant.ts';

export type GrantRequest = {
  readonly name?: string | undefined;
  /** Names of connections it is for. */
  readonly connections: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
  /** CIDR ranges clients must come from, beside what their ingress allows; left out, anywhere. */
  readonly sources?: readonly string[] | undefined;
  /** Client connections at once; left out, as many as the connections have. */
  readonly maxConnections?: number | undefined;
};

export type GrantState = 'usable' | 'expired' | 'revoked';

/** A grant as it may be shown: everything but the grant itself. */
export type GrantView = {
  readonly id: string;
  readonly name: string;
  readonly state: GrantState;
  readonly connections: readonly string[];
  readonly sources: readonly string[] | undefined;
  readonly maxConnections: number | undefined;
  /** Client connections that use it now. */
  readonly inUse: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
};

export type GrantsOptions = {
  readonly store: Store;
  readonly hasConnection: (name: string) => boolean;
  readonly clock?: () => number;
};

/** Declared here until grants move to the control plane. */
type Actor = { readonly id: string; readonly address?: string | undefined };

/** Grants that can be used at once: all of them stand in memory, so that a client never waits for the store. */
const MOST = 10_000;
const DAY = 24 * 60 * 60_000;
/** Milliseconds between two looks at the clock: it is set, and hosts sleep, while timers know nothing of either. */
const LOOK = 60_000;
/** How long expired grants stay on record. */
const KEEP = 30 * DAY;

/**
 * The grants of this gateway. Those that can be used are in memory: clients are judged and ended without the store,
 * and only making, listing and revoking ask it.
 */
export class Grants {
  readonly #options: GrantsOptions;
  readonly #clock: () => number;
  readonly #byHash = new Map<string, LivingGrant>();
  readonly #byId = new Map<string, LivingGrant>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: GrantsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  /** Reads the grants on record; the caller closes what comes back. Throws StoreError. */
  static async open(options: GrantsOptions): Promise<Grants> {
    const grants = new Grants(options);
    const now = grants.#clock();
    await options.store.grants.prune(now - KEEP);
    for (const row of await options.store.grants.living(now, MOST)) grants.#add(row);
    grants.#endExpired();
    return grants;
  }

  /** Makes a grant. The answer is the only place that ever has it. Throws ProblemError or StoreError. */
  async create(
    { name, connections, ttl, sources, maxConnections }: GrantRequest,
    { id: actor, address }: Actor,
  ): Promise<{ readonly grant: string; readonly view: GrantView }> {
    const unknown = connections.find((each) => !this.#options.hasConnection(each));
    if (unknown !== undefined) {
      throw new ProblemError('REQUEST_INVALID', `This gateway has no connection ${unknown}.`);
    }
    if (this.#byId.size >= MOST) {
      throw new ProblemError(
        'REQUEST_INVALID',
        `There are ${MOST} usable grants. Revoke some of them first.`,
      );
    }
    const at = this.#clock();
    const { id, grant, hash } = makeGrantSecret(at);
    const row: GrantRow = {
      id,
      hash,
      name: name ?? connections.join(', ').slice(0, 63),
      connections: JSON.stringify([...new Set(connections)]),
      sources: sources === undefined || sources.length === 0 ? null : JSON.stringify(sources),
      maxConnections: maxConnections ?? null,
      createdAt: at,
      createdBy: actor,
      expiresAt: at + ttl,
      revokedAt: null,
    };
    const view = this.#viewOf(row);
    await this.#options.store.transaction(async (inside) => {
      await inside.grants.insert(row);
      await inside.audit.append({
        at,
        actor,
        action: 'grant.create',
        subject: `grant:${id}`,
        address,
        after: view,
      });
    });
    this.#add(row);
    this.#endExpired();
    return { grant, view };
  }

  /** Newest first, those made before the grant `before`. Throws StoreError. */
  async list(page: { before?: string | undefined; limit: number }): Promise<GrantView[]> {
    return (await this.#options.store.grants.list(page)).map((row) => this.#viewOf(row));
  }

  /**
   * The grant as it is after that, or undefined when there is none. Ends the clients that use it. Revoking twice is
   * no error. Throws StoreError, and the grant then goes on: one that comes back after a restart would not be revoked.
   */
  async revoke(id: string, { id: actor, address }: Actor): Promise<GrantView | undefined> {
    const at = this.#clock();
    const view = await this.#options.store.transaction(async (inside) => {
      const before = await inside.grants.byId(id);
      if (before === undefined) return undefined;
      if (!(await inside.grants.revoke(id, at))) return this.#viewOf(before);
      const after = this.#viewOf({ ...before, revokedAt: at });
      await inside.audit.append({
        at,
        actor,
        action: 'grant.revoke',
        subject: `grant:${id}`,
        address,
        before: this.#viewOf(before),
        after,
      });
      return after;
    });
    if (view?.state === 'revoked') this.#end(id, 'was revoked');
    return view === undefined ? undefined : { ...view, inUse: 0 };
  }

  /**
   * The grant of which this is the secret, if it can be used. What is looked up is its hash, which nobody can choose,
   * so that the time it takes tells nothing.
   */
  find(secret: string): LivingGrant | undefined {
    const hash = hashOfGrant(secret);
    const grant = hash === undefined ? undefined : this.#byHash.get(hash);
    if (grant === undefined || hash === undefined) return undefined;
    const same = timingSafeEqual(Buffer.from(hash), Buffer.from(grant.hash));
    return same && grant.expiresAt > this.#clock() ? grant : undefined;
  }

  /** Watches for expiry no longer. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #add(row: GrantRow): void {
    const grant = new LivingGrant(row);
    this.#byHash.set(grant.hash, grant);
    this.#byId.set(grant.id, grant);
  }

  #end(id: string, reason: string): void {
    const grant = this.#byId.get(id);
    if (grant === undefined) return;
    this.#byId.delete(id);
    this.#byHash.delete(grant.hash);
    grant.end(reason);
  }

  /** Ends what has expired, and comes again when the next one does, or to look. */
  #endExpired(): void {
    clearTimeout(this.#timer);
    const now = this.#clock();
    let next = now + LOOK;
    for (const { id, expiresAt } of this.#byId.values()) {
      if (expiresAt <= now) this.#end(id, 'has expired');
      else next = Math.min(next, expiresAt);
    }
    this.#timer = setTimeout(() => this.#endExpired(), next - now);
    this.#timer.unref();
  }

  #viewOf(row: GrantRow): GrantView {
    const { id, name, createdAt, createdBy, expiresAt } = row;
    return {
      id,
      name,
      state: row.revokedAt !== null ? 'revoked' : expiresAt <= this.#clock() ? 'expired' : 'usable',
      connections: connectionsOf(row),
      sources: sourcesOf(row),
      maxConnections: row.maxConnections ?? undefined,
      inUse: this.#byId.get(id)?.inUse ?? 0,
      createdAt,
      createdBy,
      expiresAt,
      revokedAt: row.revokedAt ?? undefined,
    };
  }
}
