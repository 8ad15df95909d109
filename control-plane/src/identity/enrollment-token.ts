import { addressRanges } from '@penstock/config-schema';
import type { EnrolledAgent, EnrollmentTokenRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Actor } from '../actor.ts';
import { nameMatches } from './name-pattern.ts';
import { createToken, idOfToken, otherCredential, tokenMatches } from './token-secret.ts';

export type EnrollmentTokenRequest = {
  readonly pool: string;
  readonly uses: number;
  /** Milliseconds. */
  readonly ttl: number;
  /** Glob over agent names. Any name if omitted. */
  readonly namePattern?: string | undefined;
  /** CIDR ranges from which an agent may enroll. Any address if omitted. */
  readonly sources?: readonly string[] | undefined;
};

export type EnrollmentTokenState = 'usable' | 'exhausted' | 'expired' | 'revoked';

/** A token as shown to operators, without the secret. */
export type EnrollmentTokenView = {
  readonly id: string;
  readonly state: EnrollmentTokenState;
  readonly pool: string;
  readonly uses: number;
  readonly usesLeft: number;
  readonly namePattern: string | undefined;
  readonly sources: readonly string[] | undefined;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
};

type Use = { readonly name: string; readonly pool: string; readonly address: string };

/** The enrollment tokens of this gateway. Every method may throw StoreError. */
export class EnrollmentTokens {
  readonly #store: Store;
  readonly #hasPool: (pool: string) => boolean;
  readonly #clock: () => number;

  constructor(store: Store, hasPool: (pool: string) => boolean, clock: () => number = Date.now) {
    this.#store = store;
    this.#hasPool = hasPool;
    this.#clock = clock;
  }

  /** Creates a token. Only the returned value contains it. Throws ProblemError POOL_UNKNOWN. */
  async create(
    { pool, uses, ttl, namePattern, sources }: EnrollmentTokenRequest,
    { id: actor, address }: Actor,
  ): Promise<{ readonly token: string; readonly view: EnrollmentTokenView }> {
    if (!this.#hasPool(pool)) {
      throw new ProblemError(
        'POOL_UNKNOWN',
        `This gateway has no pool ${pool}. Add it to gateway.yaml first.`,
      );
    }
    const at = this.#clock();
    const { id, token, hash } = createToken('enroll', at);
    const row: EnrollmentTokenRow = {
      id,
      hash,
      pool,
      uses,
      usesLeft: uses,
      namePattern: namePattern ?? null,
      sources: sources === undefined || sources.length === 0 ? null : JSON.stringify(sources),
      createdAt: at,
      createdBy: actor,
      expiresAt: at + ttl,
      revokedAt: null,
    };
    const view = viewOf(row, at);
    await this.#store.transaction(async (inside) => {
      await inside.enrollmentTokens.insert(row);
      await inside.audit.append({
        at,
        actor,
        action: 'enrollment-token.create',
        subject: `enrollment-token:${id}`,
        address,
        after: view,
      });
    });
    return { token, view };
  }

  /** Returns the newest first, starting after the token `before`. */
  async list(page: { before?: string | undefined; limit: number }): Promise<EnrollmentTokenView[]> {
    const rows = await this.#store.enrollmentTokens.list(page);
    return rows.map((row) => viewOf(row, this.#clock()));
  }

  /** A token with the agents that enrolled with it, the newest first; undefined if none has this id. */
  async byId(
    id: string,
    limit: number,
  ): Promise<{ readonly view: EnrollmentTokenView; readonly agents: readonly EnrolledAgent[] } | undefined> {
    const row = await this.#store.enrollmentTokens.byId(id);
    if (row === undefined) return undefined;
    return { view: viewOf(row, this.#clock()), agents: await this.#store.enrollments.agentsOf(id, limit) };
  }

  /** Revokes a token and returns it as it is then, or undefined if none has this id. Revoking it again has no effect. */
  async revoke(id: string, { id: actor, address }: Actor): Promise<EnrollmentTokenView | undefined> {
    const at = this.#clock();
    return this.#store.transaction(async (inside) => {
      const before = await inside.enrollmentTokens.byId(id);
      if (before === undefined) return undefined;
      if (!(await inside.enrollmentTokens.revoke(id, at))) return viewOf(before, at);
      const after = viewOf({ ...before, revokedAt: at }, at);
      await inside.audit.append({
        at,
        actor,
        action: 'enrollment-token.revoke',
        subject: `enrollment-token:${id}`,
        address,
        before: viewOf(before, at),
        after,
      });
      return after;
    });
  }

  /**
   * Checks whether `token` permits this enrollment, and returns its row. Uses are not checked: taking one does that. Throws
   * ProblemError with a TOKEN_ code. The details of a token are revealed only to clients that have it.
   */
  async admit(token: string, { name, pool, address }: Use): Promise<EnrollmentTokenRow> {
    const id = idOfToken('enroll', token);
    const row = id === undefined ? undefined : await this.#store.enrollmentTokens.byId(id);
    if (row === undefined || !tokenMatches(token, row.hash)) {
      const other = otherCredential('enroll', token);
      throw new ProblemError(
        'TOKEN_UNKNOWN',
        other && `This is ${other}. Agents enroll with an enrollment token.`,
      );
    }
    if (row.revokedAt !== null) throw new ProblemError('TOKEN_REVOKED');
    if (row.expiresAt <= this.#clock()) {
      const when = new Date(row.expiresAt).toISOString();
      throw new ProblemError('TOKEN_EXPIRED', `This enrollment token expired at ${when}. Create a new one.`);
    }
    if (row.pool !== pool) {
      throw new ProblemError(
        'TOKEN_WRONG_POOL',
        `This enrollment token is for the pool ${row.pool}, not ${pool}.`,
      );
    }
    if (row.namePattern !== null && !nameMatches(row.namePattern, name)) {
      throw new ProblemError(
        'TOKEN_WRONG_NAME',
        `This enrollment token is for agents named ${row.namePattern}, not ${name}.`,
      );
    }
    const sources = sourcesOf(row);
    if (sources !== undefined && !addressRanges(sources)(address)) {
      throw new ProblemError(
        'TOKEN_WRONG_SOURCE',
        `This enrollment token can be used from ${sources.join(', ')}; the gateway sees the address ${address}.`,
      );
    }
    return row;
  }
}

function viewOf(row: EnrollmentTokenRow, now: number): EnrollmentTokenView {
  const { id, pool, uses, usesLeft, createdAt, createdBy, expiresAt } = row;
  return {
    id,
    state: stateOf(row, now),
    pool,
    uses,
    usesLeft,
    namePattern: row.namePattern ?? undefined,
    sources: sourcesOf(row),
    createdAt,
    createdBy,
    expiresAt,
    revokedAt: row.revokedAt ?? undefined,
  };
}

function stateOf(row: EnrollmentTokenRow, now: number): EnrollmentTokenState {
  if (row.revokedAt !== null) return 'revoked';
  if (row.expiresAt <= now) return 'expired';
  return row.usesLeft > 0 ? 'usable' : 'exhausted';
}

function sourcesOf({ sources }: EnrollmentTokenRow): string[] | undefined {
  return sources === null ? undefined : (JSON.parse(sources) as string[]);
}
