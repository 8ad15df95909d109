/** Returns the permit to its semaphore. Calls after the first have no effect. */
export type ReleasePermit = () => void;

/**
 * Limits how many callers work at the same time. Waiting callers receive their permit in the order of their calls.
 * The caller must release every permit, usually in a `finally` block.
 */
export class Semaphore {
  readonly #waiting: ((release: ReleasePermit) => void)[] = [];
  #available: number;

  constructor(permits: number) {
    this.#available = permits;
  }

  /** Callers that wait for a permit. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Returns a permit without waiting, or undefined if none is available. */
  tryAcquire(): ReleasePermit | undefined {
    if (this.#available === 0) return undefined;
    this.#available -= 1;
    return this.#permit();
  }

  /** Waits for a permit if none is available. Never rejects; the number of waiting callers is not limited. */
  acquire(): Promise<ReleasePermit> {
    const permit = this.tryAcquire();
    if (permit !== undefined) return Promise.resolve(permit);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #permit(): ReleasePermit {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      // Passed on directly: between a return and a new acquisition another caller could overtake.
      const next = this.#waiting.shift();
      if (next === undefined) this.#available += 1;
      else next(this.#permit());
    };
  }
}
