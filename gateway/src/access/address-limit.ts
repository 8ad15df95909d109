import { sourceOf } from '@penstock/runtime';

/** Counts what each client address has at once; an IPv6 client counts by its /64. */
export class AddressLimit {
  readonly #counts = new Map<string, number>();
  readonly #limit: () => number;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Takes one for this address; what comes back must be called once it is gone. Undefined when it has too many. */
  take(address: string): (() => void) | undefined {
    const key = sourceOf(address);
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#limit()) return undefined;
    this.#counts.set(key, count + 1);
    let give = () => {
      give = () => {};
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
    return () => give();
  }

  /** Addresses that have something now. */
  get size(): number {
    return this.#counts.size;
  }
}
