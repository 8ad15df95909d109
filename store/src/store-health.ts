import { StoreError, type StoreOutage } from './store-error.ts';

export type Outage = {
  readonly kind: StoreOutage;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** The error message of the store, for the log. */
  readonly detail: string;
};

export type StoreHealthOptions = {
  /** Writes to the disk without changing data. Throws StoreError. */
  readonly probe: () => Promise<void>;
  /** Milliseconds between two probes, while the store works and during an outage. */
  readonly intervals?: { readonly working: number; readonly failing: number };
};

const INTERVALS_MS = { working: 15_000, failing: 2_000 };

/**
 * Tracks whether the store works. Every failure is reported to it. Since reads still succeed on a full disk, only a
 * successful write ends an outage, and one is attempted periodically.
 */
export class StoreHealth {
  readonly #options: StoreHealthOptions;
  #outage: Outage | undefined;
  #listener: ((outage: Outage | undefined) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StoreHealthOptions) {
    this.#options = options;
  }

  /** Undefined while the store works. */
  get outage(): Outage | undefined {
    return this.#outage;
  }

  /** Starts probing, and calls `listener` when an outage begins, changes or ends. Does not keep the process alive. */
  watch(listener: (outage: Outage | undefined) => void): void {
    this.#listener = listener;
    this.#schedule();
  }

  /** Reports an error that a caller received. */
  failed(error: unknown): void {
    if (!(error instanceof StoreError) || error.outage === undefined || error.outage === 'closed') return;
    if (this.#outage?.kind === error.outage) return;
    const isNew = this.#outage === undefined;
    this.#outage = { kind: error.outage, since: this.#outage?.since ?? Date.now(), detail: error.message };
    this.#listener?.(this.#outage);
    // The next probe comes earlier during an outage.
    if (isNew && this.#timer !== undefined) this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listener = undefined;
  }

  #schedule(): void {
    const { working, failing } = this.#options.intervals ?? INTERVALS_MS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#probe(), this.#outage === undefined ? working : failing);
    this.#timer.unref();
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.probe();
      this.#recovered();
    } catch (error) {
      this.failed(error);
    }
    if (this.#listener !== undefined) this.#schedule();
  }

  #recovered(): void {
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    this.#listener?.(undefined);
  }
}
