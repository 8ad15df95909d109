import type { Clock } from '@penstock/runtime';

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
  readonly #limits: AdmissionLimits;
  readonly #clock: Clock;
  readonly #perAddress = new Map<string, number>();
  #tokens: number;
  #filledAt: number;
  readonly #mostUnauthenticated: number;
  #unauthenticated = 0;
  #refused = 0;

  constructor(limits: AdmissionLimits, clock: Clock, mostUnauthenticated = MOST_UNAUTHENTICATED) {
    this.#mostUnauthenticated = mostUnauthenticated;
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.acceptRate;
    this.#filledAt = clock.now();
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
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= this.#limits.sessionsPerAddress || this.#unauthenticated >= this.#mostUnauthenticated) {
      this.#refused += 1;
      return undefined;
    }
    this.#perAddress.set(address, count + 1);
    this.#unauthenticated += 1;
    const authenticate = once(() => {
      this.#unauthenticated -= 1;
    });
    const release = once(() => {
      authenticate();
      this.#forget(address);
    });
    return { authenticate, release };
  }

  #forget(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  /** Takes one session from this second's share; otherwise the seconds to come back after. */
  takeSession(): { readonly retryAfter: number } | undefined {
    const now = this.#clock.now();
    const { acceptRate } = this.#limits;
    this.#tokens = Math.min(acceptRate, this.#tokens + ((now - this.#filledAt) / 1000) * acceptRate);
    this.#filledAt = now;
    if (this.#tokens < 1) return { retryAfter: 1 + Math.floor(this.#clock.random() * 5) };
    this.#tokens -= 1;
    return undefined;
  }
}

function once(act: () => void): () => void {
  let left = act;
  return () => {
    const now = left;
    left = () => {};
    now();
  };
}
