import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from './clock.ts';
import type { HostAddress, Lookup } from './fair-lookup.ts';

/** How long a caller with an earlier answer waits for a new one. */
const SLOW_MS = 300;
/** How long the last answer serves while name servers say that the name does not exist, as during the reload of a zone. */
const MISSING_GRACE_MS = 10_000;
/** How long the last answer serves while name servers do not answer (RFC 8767 section 5 suggests one to three days). */
const MAX_STALE_MS = 24 * 60 * 60_000;
/** Failed connections to a younger answer are not its fault. */
const MIN_AGE_MS = 1_000;

type Answer = {
  readonly addresses: readonly HostAddress[];
  readonly at: number;
  /** Connections to the addresses failed. */
  isDoubtful: boolean;
  missingSince: number | undefined;
};

type Pending = { readonly since: number; readonly answer: Promise<readonly HostAddress[]> };

export type NameCacheOptions = {
  /** Milliseconds for which an answer is used without another lookup. */
  readonly ttl: number;
  /** Names kept. */
  readonly size: number;
  readonly lookup: Lookup;
  readonly clock?: Clock;
};

/**
 * Resolves names, each one once for all callers that wait for it. The last answer serves while a lookup is slow or fails, for a
 * limited time, unless connections to it have failed.
 */
export class NameCache {
  readonly #ttl: number;
  readonly #lookup: Lookup;
  readonly #clock: Clock;
  readonly #answers: LRUCache<string, Answer>;
  readonly #pending = new Map<string, Pending>();

  constructor({ ttl, size, lookup, clock = systemClock }: NameCacheOptions) {
    this.#ttl = ttl;
    this.#lookup = lookup;
    this.#clock = clock;
    this.#answers = new LRUCache({ max: size });
  }

  /** The addresses of a name. Rejects with the error of the lookup. */
  async resolve(host: string): Promise<readonly HostAddress[]> {
    const last = this.#answers.get(host);
    const now = this.#clock.now();
    if (last !== undefined && !last.isDoubtful && now - last.at < this.#ttl) return last.addresses;
    const { since, answer } = this.#ask(host);
    if (last === undefined || last.isDoubtful || now - last.at > MAX_STALE_MS) return answer;
    return this.#within(SLOW_MS - (now - since), answer, last.addresses);
  }

  /**
   * Reports that no connection to the addresses of a name could be made: it is looked up again before they are used again.
   * Returns whether that is the case.
   */
  failed(host: string): boolean {
    const last = this.#answers.get(host);
    if (last === undefined || this.#clock.now() - last.at < MIN_AGE_MS) return false;
    last.isDoubtful = true;
    return true;
  }

  #ask(host: string): Pending {
    const pending = this.#pending.get(host);
    if (pending !== undefined) return pending;
    const asked: Pending = { since: this.#clock.now(), answer: this.#fetch(host) };
    this.#pending.set(host, asked);
    const forget = () => this.#pending.delete(host);
    asked.answer.then(forget, forget);
    return asked;
  }

  async #fetch(host: string): Promise<readonly HostAddress[]> {
    try {
      const addresses = await this.#lookup(host);
      if (addresses.length === 0) return this.#onMissing(host) ?? [];
      const at = this.#clock.now();
      this.#answers.set(host, { addresses, at, isDoubtful: false, missingSince: undefined });
      return addresses;
    } catch (error) {
      const last = isMissing(error) ? this.#onMissing(host) : this.#usable(host);
      if (last === undefined) throw error;
      return last;
    }
  }

  /** The last answer for a name that name servers no longer know, for a while. */
  #onMissing(host: string): readonly HostAddress[] | undefined {
    const last = this.#answers.get(host);
    if (last === undefined) return undefined;
    const now = this.#clock.now();
    last.missingSince ??= now;
    if (!last.isDoubtful && now - last.missingSince < MISSING_GRACE_MS) return last.addresses;
    this.#answers.delete(host);
    return undefined;
  }

  #usable(host: string): readonly HostAddress[] | undefined {
    const last = this.#answers.get(host);
    if (last === undefined || this.#clock.now() - last.at <= MAX_STALE_MS) return last?.addresses;
    this.#answers.delete(host);
    return undefined;
  }

  async #within(
    milliseconds: number,
    answer: Promise<readonly HostAddress[]>,
    otherwise: readonly HostAddress[],
  ): Promise<readonly HostAddress[]> {
    const { promise: slow, resolve } = Promise.withResolvers<readonly HostAddress[]>();
    const stopTimer = this.#clock.after(Math.max(0, milliseconds), () => resolve(otherwise));
    try {
      return await Promise.race([answer, slow]);
    } finally {
      stopTimer();
    }
  }
}

/** ENOTFOUND also stands for a name without addresses (EAI_NODATA). */
const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA');
