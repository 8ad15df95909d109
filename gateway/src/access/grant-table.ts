import { timingSafeEqual } from 'node:crypto';
import { hashOfGrant } from '@penstock/wire';
import { ActiveGrant, type GrantTerms } from './active-grant.ts';
import type { Elsewhere } from './elsewhere.ts';

/**
 * Upper bound between two expiry checks, in milliseconds. Timers do not advance while the host sleeps and ignore
 * changes of the system clock; checking this often bounds how late an expiry is noticed in both cases.
 */
const MAX_CHECK_INTERVAL_MS = 60_000;

/** Grants that are remembered after they have ended. */
const MAX_ENDED_GRANTS = 10_000;

export type GrantEnd = 'expired' | 'revoked';

/**
 * The active grants, in memory: a client is admitted, and disconnected when its grant expires or is revoked, without
 * any I/O. The control plane adds and revokes grants.
 */
export class GrantTable {
  readonly #now: () => number;
  readonly #elsewhere: Pick<Elsewhere, 'usesOf'> | undefined;
  readonly #byHash = new Map<string, ActiveGrant>();
  readonly #byId = new Map<string, ActiveGrant>();
  /** Why a grant is no longer in the table, by hash; the newest last. */
  readonly #ended = new Map<string, GrantEnd>();
  #timer: NodeJS.Timeout | undefined;

  /** `now` returns the system time in milliseconds since 1970. The caller must close the table. */
  constructor(now: () => number = Date.now, elsewhere?: Pick<Elsewhere, 'usesOf'>) {
    this.#now = now;
    this.#elsewhere = elsewhere;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Adds grants. One that is in the table stays as it is, with its uses: its terms never change. */
  add(grants: Iterable<GrantTerms>): void {
    for (const terms of grants) {
      if (this.#byId.has(terms.id)) continue;
      const grant = new ActiveGrant(terms, this.#elsewhere);
      this.#byHash.set(grant.hash, grant);
      this.#byId.set(grant.id, grant);
    }
    this.#removeExpired();
  }

  /** Remembers grants that ended before this table was created, at most `MAX_ENDED_GRANTS`. */
  addEnded(grants: Iterable<{ readonly hash: string; readonly end: GrantEnd }>): void {
    for (const { hash, end } of grants) this.#remember(hash, end);
  }

  /** Removes a grant and aborts its uses. Unknown ids are ignored. */
  revoke(id: string): void {
    this.#remove(id, 'revoked');
  }

  /** The grants that are in use, with the client connections of each. */
  *uses(): Generator<readonly [string, number]> {
    for (const { id, useCount } of this.#byId.values()) if (useCount > 0) yield [id, useCount];
  }

  /** Client connections that currently use a grant; 0 if it is not in the table. */
  usesOf(id: string): number {
    return this.#byId.get(id)?.useCount ?? 0;
  }

  /**
   * The active grant with this secret. The lookup is by SHA-256, which a client cannot steer toward a stored value,
   * so its timing reveals nothing about stored secrets.
   */
  find(secret: string): ActiveGrant | undefined {
    const hash = hashOfGrant(secret);
    const grant = hash === undefined ? undefined : this.#byHash.get(hash);
    if (grant === undefined || hash === undefined) return undefined;
    const isSame = timingSafeEqual(Buffer.from(hash), Buffer.from(grant.hash));
    return isSame && grant.expiresAt > this.#now() ? grant : undefined;
  }

  /** Why the grant with this secret is not active; undefined if it is unknown. For counting and for the log only. */
  endOf(secret: string): GrantEnd | undefined {
    const hash = hashOfGrant(secret);
    if (hash === undefined) return undefined;
    const grant = this.#byHash.get(hash);
    if (grant !== undefined) return grant.expiresAt > this.#now() ? undefined : 'expired';
    return this.#ended.get(hash);
  }

  /** Stops expiry checks. Grants and their uses are left as they are. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #remove(id: string, end: GrantEnd): void {
    const grant = this.#byId.get(id);
    if (grant === undefined) return;
    this.#byId.delete(id);
    this.#byHash.delete(grant.hash);
    this.#remember(grant.hash, end);
    grant.end(end === 'revoked' ? 'was revoked' : 'has expired');
  }

  #remember(hash: string, end: GrantEnd): void {
    this.#ended.set(hash, end);
    if (this.#ended.size <= MAX_ENDED_GRANTS) return;
    const [oldest = ''] = this.#ended.keys();
    this.#ended.delete(oldest);
  }

  #removeExpired(): void {
    clearTimeout(this.#timer);
    const now = this.#now();
    let next = now + MAX_CHECK_INTERVAL_MS;
    for (const { id, expiresAt } of this.#byId.values()) {
      if (expiresAt <= now) this.#remove(id, 'expired');
      else next = Math.min(next, expiresAt);
    }
    this.#timer = setTimeout(() => this.#removeExpired(), next - now);
    this.#timer.unref();
  }
}
