import { StoreError, type StoreOutage } from './store-error.ts';

export type Outage = {
  readonly kind: StoreOutage;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** For the log: what the store itself said. */
  readonly detail: string;
};

export type StoreHealthOptions = {
  /** Writes to the disk, without a change; throws StoreError. */
  readonly probe: () => Promise<void>;
  /** Milliseconds between two probes, while all is well and while it is not. */
  readonly intervals?: { readonly well: number; readonly failing: number };
};

const INTERVALS = { well: 15_000, failing: 2_000 };

/**
 * Whether the store works. Hears of every failure; since reads go on where a disk is full, only a write that works
 * ends an outage, and one is tried now and then.
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

  /** Begins to try the store, and tells when an outage begins or ends. It does not keep the process alive. */
  watch(listener: (outage: Outage | undefined) => void): void {
    this.#listener = listener;
    this.#schedule();
  }

  /** A caller was refused. */
  failed(error: unknown): void {
    if (!(error instanceof StoreError) || error.outage === undefined || error.outage === 'closed') return;
    if (this.#outage?.kind === error.outage) return;
    const began = this.#outage === undefined;
    this.#outage = { kind: error.outage, since: this.#outage?.since ?? Date.now(), detail: error.message };
    this.#listener?.(this.#outage);
    // Sooner than planned.
    if (began && this.#timer !== undefined) this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listener = undefined;
  }

  #schedule(): void {
    const { well, failing } = this.#options.intervals ?? INTERVALS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#try(), this.#outage === undefined ? well : failing);
    this.#timer.unref();
  }

  async #try(): Promise<void> {
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
