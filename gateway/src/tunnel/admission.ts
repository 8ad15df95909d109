import { AddressLimit, type Clock, TokenBucket } from '@penstock/runtime';

export type AdmissionLimits = { readonly sessionsPerAddress: number; readonly acceptRate: number };

/** Connections without a control stream at once, from all addresses together. */
const MOST_UNAUTHENTICATED = 1_024;

/** A connection that was let in. Both may be called more than once. */
export type AdmittedConnection = {
  /** It has its control stream: it no longer counts among those that have shown nothing. */
  authenticate(): void;
  /** It is gone. */
  release(): void;
};

/**
 * Bounds what may come in: connections of one address at a time, those of all that have not shown who they are, and
 * sessions a second in all.
 */
export class Admission {
  readonly #clock: Clock;
  readonly #addresses: AddressLimit;
  readonly #sessions: TokenBucket;
  readonly #mostUnauthenticated: number;
  #unauthenticated = 0;
  #refused = 0;

  constructor(limits: AdmissionLimits, clock: Clock, mostUnauthenticated = MOST_UNAUTHENTICATED) {
    this.#mostUnauthenticated = mostUnauthenticated;
    this.#clock = clock;
    this.#addresses = new AddressLimit(() => limits.sessionsPerAddress);
    this.#sessions = new TokenBucket({
      capacity: limits.acceptRate,
      refillPerSecond: limits.acceptRate,
      clock,
    });
  }

  /** Connections that were not let in. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Counts a connection of `address`, which must be released at its end; undefined when this address or all together
   * have too many.
   */
  connect(address: string): AdmittedConnection | undefined {
    const release =
      this.#unauthenticated < this.#mostUnauthenticated ? this.#addresses.tryTake(address) : undefined;
    if (release === undefined) {
      this.#refused += 1;
      return undefined;
    }
    this.#unauthenticated += 1;
    let isAuthenticated = false;
    const authenticate = () => {
      if (isAuthenticated) return;
      isAuthenticated = true;
      this.#unauthenticated -= 1;
    };
    return {
      authenticate,
      release: () => {
        authenticate();
        release();
      },
    };
  }

  /** Takes one session from this second's share; otherwise the seconds to come back after. */
  takeSession(): { readonly retryAfter: number } | undefined {
    if (this.#sessions.tryTake()) return undefined;
    return { retryAfter: 1 + Math.floor(this.#clock.random() * 5) };
  }
}
