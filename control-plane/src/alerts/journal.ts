import type { Clock } from '@penstock/runtime';
import type { AlertDeliveryRow, AlertRow, Store } from '@penstock/store';

export type JournalOptions = {
  readonly store: Pick<Store, 'alerts' | 'transaction'>;
  readonly clock: Clock;
  /** The store did not take it; it is tried again by itself. */
  readonly onFailed: (error: unknown) => void;
};

const DAY = 24 * 60 * 60_000;
/** How long alerts that are over stay on record. */
const KEEP = 30 * DAY;
const RETRY = 10_000;
/** How long anyone waits for the store. */
const PATIENCE = 2_000;
/** Alerts that wait to be written; the oldest are forgotten when there are more. */
const MAX_UNWRITTEN = 20_000;

type Unwritten = { readonly alert: AlertRow; readonly deliveries: ReadonlyMap<string, AlertDeliveryRow> };

/**
 * Brings alerts to the store in the background. What the store does not take now stays in memory, bounded, and is
 * written when it is back: alerts go on without it.
 */
export class Journal {
  readonly #options: JournalOptions;
  #unwritten = new Map<string, Unwritten>();
  #writing: Promise<void> | undefined;
  #cancelRetry: () => void = () => {};
  #cancelPrune: () => void = () => {};
  #pruning: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#prune();
  }

  /** Has an alert, and news of it, written as they are now: soon, and together with what is put in the same turn. */
  put(alert: AlertRow, delivery?: AlertDeliveryRow): void {
    // What waits already is being written, or will be when the store is back.
    if (this.#unwritten.size === 0) queueMicrotask(() => void this.#write());
    this.#keep(alert, delivery);
  }

  #keep(alert: AlertRow, delivery?: AlertDeliveryRow): void {
    const before = this.#unwritten.get(alert.id);
    const deliveries = new Map(before?.deliveries);
    if (delivery !== undefined) deliveries.set(delivery.id, delivery);
    // News hold the alert as it was when they were made: the end of an alert is never taken back.
    const latest = before?.alert.state === 'resolved' ? before.alert : alert;
    this.#unwritten.set(alert.id, { alert: latest, deliveries });
    if (this.#unwritten.size > MAX_UNWRITTEN) {
      const [oldest] = this.#unwritten.keys();
      if (oldest !== undefined) this.#unwritten.delete(oldest);
    }
  }

  /** Comes back when all that was put so far is stored, or the store has failed, or nobody should wait any longer. */
  async stored(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(PATIENCE, resolve);
    await Promise.race([this.#write(), promise]);
    cancel();
  }

  /** Writes what is left, if the store takes it soon. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPrune();
    this.#cancelRetry();
    await this.#pruning;
    await this.stored();
  }

  async #write(): Promise<void> {
    // What was put after the writing had begun is not in it.
    if (this.#writing !== undefined) await this.#writing;
    if (this.#unwritten.size === 0) return;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#cancelRetry();
    const batch = this.#unwritten;
    this.#unwritten = new Map();
    try {
      await this.#options.store.transaction(async ({ alerts }) => {
        const entries = [...batch.values()];
        await alerts.save(entries.map(({ alert }) => alert));
        await alerts.saveDeliveries(entries.flatMap(({ deliveries }) => [...deliveries.values()]));
      });
    } catch (error) {
      const newer = this.#unwritten;
      this.#unwritten = batch;
      for (const { alert, deliveries } of newer.values()) {
        this.#keep(alert);
        for (const delivery of deliveries.values()) this.#keep(alert, delivery);
      }
      if (!this.#stopped) this.#cancelRetry = this.#options.clock.after(RETRY, () => void this.#write());
      this.#options.onFailed(error);
    }
  }

  /** Now and then daily. */
  #prune(): void {
    const { store, clock, onFailed } = this.#options;
    this.#pruning = store.alerts.prune(clock.wall() - KEEP).then(() => {}, onFailed);
    this.#cancelPrune = clock.after(DAY, () => this.#prune());
  }
}
