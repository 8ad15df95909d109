import { printableLine } from '@penstock/runtime';
import type { ProblemCode } from '@penstock/wire';
import { LRUCache } from 'lru-cache';
import { idOfToken } from './token-secret.ts';

/** Why an enrollment was refused, and how often since. Times are milliseconds since 1970. */
export type EnrollmentRefusal = {
  /** ID in the token that was shown, if it had the form of one. Its secret may be wrong. */
  readonly tokenId: string | undefined;
  readonly name: string | undefined;
  readonly pool: string | undefined;
  readonly address: string;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
};

/** Refusals that are remembered in all: agents retry, and strangers may send anything. */
const MAX_REFUSALS = 500;
/** Names of an agent and a pool are no longer. */
const MAX_NAME_LENGTH = 63;
const MAX_DETAIL_LENGTH = 400;
/** An agent that retries is published again after this time. */
const REPEATED_MS = 10_000;
/** Refusals that are published in a second: the rest is only listed. */
const MAX_PUBLISHED_PER_SECOND = 10;

/** The last refused enrollments, in memory: they say why an agent does not arrive. */
export class EnrollmentRefusals {
  readonly #clock: () => number;
  readonly #refusals = new LRUCache<string, EnrollmentRefusal & { publishedAt: number }>({
    max: MAX_REFUSALS,
  });
  #listener: ((refusal: EnrollmentRefusal) => void) | undefined;
  #second = 0;
  #published = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Calls `listener` with refusals as they happen, a few a second at most. It must not throw. */
  onRefused(listener: (refusal: EnrollmentRefusal) => void): void {
    this.#listener = listener;
  }

  /** Records a refusal of the enrollment in `body`, which may be anything. */
  add(
    body: unknown,
    address: string,
    { code, detail }: { readonly code: ProblemCode; readonly detail: string },
  ): void {
    const { token, name, pool } = (typeof body === 'object' && body !== null ? body : {}) as Record<
      string,
      unknown
    >;
    const tokenId = typeof token === 'string' ? idOfToken('enroll', token) : undefined;
    const shown = { tokenId, name: textOf(name), pool: textOf(pool), address, code };
    const key = JSON.stringify(shown);
    const known = this.#refusals.get(key);
    const now = this.#clock();
    const isNew = known === undefined || now - known.publishedAt >= REPEATED_MS;
    const refusal = {
      ...shown,
      detail: detail.slice(0, MAX_DETAIL_LENGTH),
      count: (known?.count ?? 0) + 1,
      firstAt: known?.firstAt ?? now,
      lastAt: now,
      publishedAt: isNew ? now : known.publishedAt,
    };
    this.#refusals.set(key, refusal);
    if (isNew && this.#mayPublish(now)) this.#listener?.(refusal);
  }

  /** The last refusals, the newest first; those of one token if it is given. */
  list(tokenId?: string): readonly EnrollmentRefusal[] {
    const all = [...this.#refusals.values()];
    const found = tokenId === undefined ? all : all.filter((each) => each.tokenId === tokenId);
    return found.sort((one, other) => other.lastAt - one.lastAt);
  }

  #mayPublish(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#published = 0;
    }
    this.#published += 1;
    return this.#published <= MAX_PUBLISHED_PER_SECOND;
  }
}

const textOf = (value: unknown) =>
  typeof value === 'string' && value !== '' ? printableLine(value.slice(0, MAX_NAME_LENGTH)) : undefined;
