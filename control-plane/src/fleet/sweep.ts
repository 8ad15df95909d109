import { type Clock, inSlices } from '@penstock/runtime';

/**
 * Visits all items in slices of the event loop, one pass at a time. Items are read when a pass starts; the iterable must
 * tolerate changes between slices.
 */
export class Sweep<Item> {
  readonly #items: () => Iterable<Item>;
  readonly #visit: (item: Item) => void;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(items: () => Iterable<Item>, visit: (item: Item) => void, clock: Clock) {
    this.#items = items;
    this.#visit = visit;
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Resolves after a pass that began with or after this call. Its first slice runs before this function returns, unless
   * another pass is under way. Rejects when a visit throws.
   */
  run(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    if (this.#current === undefined) {
      const pass = inSlices(this.#items(), this.#visit, this.#clock, this.#stop.signal);
      this.#current = pass.finally(() => {
        this.#current = undefined;
      });
      return this.#current;
    }
    this.#next ??= this.#current
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.run();
      });
    return this.#next;
  }

  /** Ends the pass under way; resolves when nothing runs. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#next?.catch(() => {});
    await this.#current?.catch(() => {});
  }
}
