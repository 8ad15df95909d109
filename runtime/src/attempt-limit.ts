import type { LRUCache } from 'lru-cache';
import { growingCache } from './growing-cache.ts';

export type AttemptLimitOptions = {
  /** Failed attempts that a source may make within one window. */
  readonly maxAttempts: number;
  /** Length of the window in milliseconds, counted from the first failed attempt. */
  readonly windowMs: number;
  /** Sources remembered at the same time; the least recently used is forgotten first. Default 10,000. */
  readonly maxSources?: number;
  /** Returns the time in milliseconds; only differences matter. Default `Date.now`. */
  readonly clock?: () => number;
};

/** An attempt that counts as failed until it is forgiven. */
export type Attempt = {
  /** Uncounts the attempt. Call it at most once, when the attempt has succeeded. */
  forgive(): void;
};

/** A source has used up its failed attempts. */
export class AttemptLimitError extends Error {
  override readonly name = 'AttemptLimitError';
  /** Seconds until the source may try again, rounded up. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super(`Too many failed attempts. Try again in ${retryAfter} s.`);
    this.retryAfter = retryAfter;
  }
}

type Count = { left: number; readonly until: number };

/**
 * Limits how often a source may fail within a window. An attempt counts as failed from its start until it is
 * forgiven: otherwise concurrent attempts could exceed the limit.
 */
export class AttemptLimit {
  readonly #counts: LRUCache<string, Count>;
  readonly #options: AttemptLimitOptions;
  readonly #clock: () => number;

  constructor(options: AttemptLimitOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#counts = growingCache(options.maxSources ?? 10_000);
  }

  /** Counts an attempt, which the caller forgives when it succeeds. Throws AttemptLimitError. */
  take(source: string): Attempt {
    const count = this.#countOf(source);
    count.left -= 1;
    this.#counts.set(source, count);
    return {
      forgive: () => {
        count.left += 1;
      },
    };
  }

  /** Throws AttemptLimitError if `take` would. Counts nothing. */
  check(source: string): void {
    this.#countOf(source);
  }

  #countOf(source: string): Count {
    const now = this.#clock();
    const known = this.#counts.get(source);
    const count =
      known !== undefined && known.until > now
        ? known
        : { left: this.#options.maxAttempts, until: now + this.#options.windowMs };
    if (count.left <= 0) throw new AttemptLimitError(Math.ceil((count.until - now) / 1000));
    return count;
  }
}
