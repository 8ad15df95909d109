import type { Clock } from '@penstock/wire';

export type AdmissionLimits = { readonly sessionsPerAddress: number; readonly acceptRate: number };

/** Bounds what may come in: connections of one address at a time, and sessions a second in all. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #clock: Clock;
  readonly #perAddress = new Map<string, number>();
  #tokens: number;
  #filledAt: number;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.acceptRate;
    this.#filledAt = clock.now();
  }

  /** Counts a connection of `address`; undefined when it has too many. The answer must be called at its end. */
  connect(address: string): (() => void) | undefined {
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= this.#limits.sessionsPerAddress) return undefined;
    this.#perAddress.set(address, count + 1);
    return () => {
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    };
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
