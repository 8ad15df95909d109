import { randomBytes } from 'node:crypto';
import type { GrantRow, Store } from '@penstock/store';
import { generateGrantSecret, ProblemError } from '@penstock/wire';
import type { Actor } from '../actor.ts';
import type { ActiveGrants } from '../data-plane-port.ts';
import { type GrantView, grantTermsOf, grantViewOf } from './grant-view.ts';
import { UnknownConnectionError } from './unknown-connection-error.ts';

export type GrantRequest = {
  readonly name?: string | undefined;
  /** Names of the connections it permits. */
  readonly connections: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
  /** CIDR ranges that clients must connect from, in addition to the ingress's allow list. Undefined: anywhere. */
  readonly sources?: readonly string[] | undefined;
  /** Maximum number of concurrent client connections. Undefined: limited only by the connections themselves. */
  readonly maxConnections?: number | undefined;
};

export type GrantsOptions = {
  readonly store: Store;
  readonly active: ActiveGrants;
  /** The names of all connections. */
  readonly connections: () => readonly string[];
  readonly clock?: () => number;
};

/** The data plane keeps every active grant in memory. */
const MAX_ACTIVE_GRANTS = 10_000;
/** Grants that are looked through at the start for those that have ended. */
const MAX_RECALLED_GRANTS = 1_000;
/** Milliseconds that expired grants stay in the store. */
const RETENTION_MS = 30 * 24 * 60 * 60_000;
const MAX_NAME_LENGTH = 63;

/** Creates, lists and revokes grants. Each change is written to the store before the data plane sees it. */
export class Grants {
  readonly #options: GrantsOptions;
  readonly #now: () => number;

  private constructor(options: GrantsOptions) {
    this.#options = options;
    this.#now = options.clock ?? Date.now;
  }

  /** Prunes the store and passes the active grants to the data plane. Throws StoreError. */
  static async open(options: GrantsOptions): Promise<Grants> {
    const grants = new Grants(options);
    const { store, active } = options;
    const now = grants.#now();
    await store.grants.prune(now - RETENTION_MS);
    active.add((await store.grants.activeAt(now, MAX_ACTIVE_GRANTS)).map(grantTermsOf));
    const newest = await store.grants.list({ limit: MAX_RECALLED_GRANTS });
    active.addEnded(newest.flatMap((row) => endedGrantOf(row, now)));
    return grants;
  }

  /** Creates a grant. Its secret is in the result and nowhere else. Throws UnknownConnectionError, ProblemError or StoreError. */
  async create(
    { name, connections, ttl, sources, maxConnections }: GrantRequest,
    { id: actor, address }: Actor,
  ): Promise<{ readonly grant: string; readonly view: GrantView }> {
    const { store, active } = this.#options;
    const known = this.#options.connections();
    const unknown = connections.find((each) => !known.includes(each));
    if (unknown !== undefined) throw new UnknownConnectionError(unknown, known);
    if (active.size >= MAX_ACTIVE_GRANTS) {
      throw new ProblemError(
        'REQUEST_INVALID',
        `This gateway has reached its limit of ${MAX_ACTIVE_GRANTS} active grants. Revoke unused grants first.`,
      );
    }
    const at = this.#now();
    const { grant, hash } = generateGrantSecret();
    const row: GrantRow = {
      id: newGrantId(at),
      hash,
      name: name ?? connections.join(', ').slice(0, MAX_NAME_LENGTH),
      connections: JSON.stringify([...new Set(connections)]),
      sources: sources === undefined || sources.length === 0 ? null : JSON.stringify(sources),
      maxConnections: maxConnections ?? null,
      createdAt: at,
      createdBy: actor,
      expiresAt: at + ttl,
      revokedAt: null,
    };
    const view = this.#viewOf(row);
    await store.transaction(async (inside) => {
      await inside.grants.insert(row);
      await inside.audit.append({
        at,
        actor,
        action: 'grant.create',
        subject: `grant:${row.id}`,
        address,
        after: view,
      });
    });
    active.add([grantTermsOf(row)]);
    return { grant, view };
  }

  /** Newest first; with `before`, only grants created before the grant with that id. Throws StoreError. */
  async list(page: { before?: string | undefined; limit: number }): Promise<GrantView[]> {
    return (await this.#options.store.grants.list(page)).map((row) => this.#viewOf(row));
  }

  /**
   * Revokes a grant, closes the client connections that use it, and returns its new state; undefined if there is no
   * such grant. Idempotent. Throws StoreError, in which case the grant stays active: if only the data plane had
   * revoked it, it would be active again after a restart.
   */
  async revoke(id: string, { id: actor, address }: Actor): Promise<GrantView | undefined> {
    const at = this.#now();
    const { store, active } = this.#options;
    const view = await store.transaction(async (inside) => {
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
    if (view?.state === 'revoked') active.revoke(id);
    return view === undefined ? undefined : { ...view, inUse: 0 };
  }

  /** Puts in force what was written about these grants, here or at another gateway. Throws StoreError. */
  async apply(ids: readonly string[]): Promise<void> {
    const { store, active } = this.#options;
    const now = this.#now();
    for (const row of await store.grants.byIds(ids)) {
      if (row.revokedAt !== null) {
        active.revoke(row.id);
        active.addEnded([{ hash: row.hash, end: 'revoked' }]);
      } else if (row.expiresAt > now) active.add([grantTermsOf(row)]);
    }
  }

  /** The same for all grants. Throws StoreError. */
  async reload(): Promise<void> {
    const { store, active } = this.#options;
    const now = this.#now();
    for (const id of await store.grants.revokedAt(now, MAX_ACTIVE_GRANTS)) active.revoke(id);
    active.add((await store.grants.activeAt(now, MAX_ACTIVE_GRANTS)).map(grantTermsOf));
  }

  #viewOf(row: GrantRow): GrantView {
    return grantViewOf(row, this.#options.active.usesOf(row.id), this.#now());
  }
}

function endedGrantOf(
  { hash, revokedAt, expiresAt }: GrantRow,
  now: number,
): { readonly hash: string; readonly end: 'expired' | 'revoked' }[] {
  if (revokedAt !== null) return [{ hash, end: 'revoked' }];
  return expiresAt <= now ? [{ hash, end: 'expired' }] : [];
}

/** An id that is safe to show and sorts by time of creation. */
function newGrantId(now: number): string {
  return now.toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
}
