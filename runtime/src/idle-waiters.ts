/**
 * Lets callers wait until an owner has no work left. The owner calls `notify` whenever it may have become idle, for
 * example each time it removes an item.
 */
export class IdleWaiters {
  readonly #isIdle: () => boolean;
  #waiters: (() => void)[] = [];

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** Resolves when the owner is idle: immediately if it already is. Never rejects. */
  wait(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves every waiting promise if the owner is idle. */
  notify(): void {
    if (!this.#isIdle()) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
