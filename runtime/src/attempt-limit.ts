import { ProblemError } from '@penstock/wire';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

export type AttemptLimitOptions = {
  /** Failed attempts a source may make within `window` milliseconds of the first. */
  readonly attempts: number;
  readonly window: number;
  /** Sources remembered at once. */
  readonly sources?: number;
  readonly clock?: () => number;
};

type Count = { left: number; readonly until: number };

/**
 * Bounds how often one source may fail. An attempt counts as failed until it is forgiven, so that many at once
 * cannot slip through.
 */
export class AttemptLimit {
  readonly #counts: LRUCache<string, Count>;
  readonly #options: AttemptLimitOptions;
  readonly #clock: () => number;

  constructor(options: AttemptLimitOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#counts = new LRUCache({ max: options.sources ?? 10_000 });
  }

  /** Counts an attempt; the caller forgives it when it went well. Throws ProblemError TOO_MANY_REQUESTS. */
  take(source: string): { forgive(): void } {
    const count = this.#countOf(source);
    count.left -= 1;
    this.#counts.set(source, count);
    return {
      forgive: () => {
        count.left += 1;
      },
    };
  }

  /** Counts nothing. Throws ProblemError TOO_MANY_REQUESTS when `take` would. */
  check(source: string): void {
    this.#countOf(source);
  }

  #countOf(source: string): Count {
    const now = this.#clock();
    const known = this.#counts.get(source);
    const count =
      known !== undefined && known.until > now
        ? known
        : { left: this.#options.attempts, until: now + this.#options.window };
    if (count.left <= 0) {
      const retryAfter = Math.ceil((count.until - now) / 1000);
      throw new ProblemError(
        'TOO_MANY_REQUESTS',
        `Too many attempts failed from here. Try again in ${retryAfter} s.`,
        { retryAfter },
      );
    }
    return count;
  }
}

/**
 * Does `work` as an attempt of `source`. What fails through no fault of the source, by `isFault`, does not count.
 * Throws ProblemError TOO_MANY_REQUESTS, and whatever `work` throws.
 */
export async function attempted<Result>(
  limit: AttemptLimit,
  source: string,
  isFault: (error: unknown) => boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const attempt = limit.take(source);
  try {
    const result = await work();
    attempt.forgive();
    return result;
  } catch (error) {
    if (!isFault(error)) attempt.forgive();
    throw error;
  }
}

/** The source an address counts as: IPv6 by its /64, which one host has whole. */
export function sourceOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return parsed.toByteArray().slice(0, 8).join('.');
}
