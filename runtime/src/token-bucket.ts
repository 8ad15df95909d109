import type { Clock } from './clock.ts';

export type TokenBucketOptions = {
  /** Tokens in a full bucket: the largest burst. The bucket starts full. */
  readonly capacity: number;
  /** Tokens added per second, up to `capacity`. */
  readonly refillPerSecond: number;
  readonly clock: Pick<Clock, 'now'>;
};

/** Limits a rate while allowing bursts. It uses no timer: it refills when a token is taken. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #refilledAt: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.capacity;
    this.#refilledAt = options.clock.now();
  }

  /** Takes `count` tokens and returns true, or returns false and takes nothing if fewer are left. */
  tryTake(count = 1): boolean {
    const { capacity, refillPerSecond, clock } = this.#options;
    const now = clock.now();
    this.#tokens = Math.min(capacity, this.#tokens + ((now - this.#refilledAt) / 1000) * refillPerSecond);
    this.#refilledAt = now;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
