import { AddressLimit, type Clock, TokenBucket } from '@penstock/runtime';

export type AdmissionLimits = {
  /** Connections from one address (IPv6: one /64). */
  readonly sessionsPerAddress: number;
  /** Sessions per second, from all addresses together. */
  readonly acceptRate: number;
};

/** Connections without a control stream, from all addresses together. */
const MAX_UNAUTHENTICATED = 1_024;

/** An admitted connection. Both methods may be called more than once. */
export type AdmittedConnection = {
  /** The connection has its control stream, and no longer counts as unauthenticated. */
  authenticate(): void;
  /** The connection has closed. */
  release(): void;
};

/** Limits connections per address, connections without a control stream, and new sessions per second. */
export class Admission {
  readonly #clock: Clock;
  readonly #addresses: AddressLimit;
  readonly #sessions: TokenBucket;
  readonly #maxUnauthenticated: number;
  #unauthenticated = 0;
  #refused = 0;

  constructor(limits: AdmissionLimits, clock: Clock, maxUnauthenticated = MAX_UNAUTHENTICATED) {
    this.#maxUnauthenticated = maxUnauthenticated;
    this.#clock = clock;
    this.#addresses = new AddressLimit(() => limits.sessionsPerAddress);
    this.#sessions = new TokenBucket({
      capacity: limits.acceptRate,
      refillPerSecond: limits.acceptRate,
      clock,
    });
  }

  /** Connections that exceeded a limit. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Counts a connection from `address`, which must be released when it closes. Returns undefined when the limit of the
   * address or of unauthenticated connections is reached.
   */
  connect(address: string): AdmittedConnection | undefined {
    const release =
      this.#unauthenticated < this.#maxUnauthenticated ? this.#addresses.tryTake(address) : undefined;
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

  /** Counts a new session. Returns undefined when it is within the rate, otherwise the seconds to retry after. */
  takeSession(): { readonly retryAfter: number } | undefined {
    if (this.#sessions.tryTake()) return undefined;
    // Random, so agents that were refused together do not return together.
    return { retryAfter: 1 + Math.floor(this.#clock.random() * 5) };
  }
}
