import { sourceAddressKey } from './source-address-key.ts';

/** Limits what each source address may hold at the same time. IPv6 addresses of one /64 share a limit. */
export class AddressLimit {
  readonly #counts = new Map<string, number>();
  readonly #limit: () => number;

  /** `limit` is called for every item, so a reloaded configuration applies to the next one. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Addresses that hold at least one item. */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Counts one item of `address` and returns the function that releases it, which the caller must call when the item
   * is closed; calls after the first have no effect. Returns undefined if the address has reached its limit.
   */
  tryTake(address: string): (() => void) | undefined {
    const key = sourceAddressKey(address);
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#limit()) return undefined;
    this.#counts.set(key, count + 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#release(key);
    };
  }

  #release(key: string): void {
    const count = this.#counts.get(key) ?? 1;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
  }
}
