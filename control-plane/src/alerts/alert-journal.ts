import type { Clock } from '@penstock/runtime';
import type { AlertDeliveryRow, AlertRow, Store } from '@penstock/store';
import { type Leadership, LeadershipLostError } from '../leadership/leadership.ts';

export type AlertJournalOptions = {
  readonly store: Pick<Store, 'alerts' | 'transaction'>;
  readonly clock: Clock;
  /** Whose writes are valid. Undefined: this gateway is the only one. */
  readonly leadership: Leadership | undefined;
  /** Called when the store fails. The journal retries by itself. */
  readonly onFailed: (error: unknown) => void;
};

const DAY_MS = 24 * 60 * 60_000;
/** Time for which resolved alerts are kept. */
const RETENTION_MS = 30 * DAY_MS;
const RETRY_DELAY_MS = 10_000;
/** The longest that a caller of `stored` waits for the store. */
const STORED_TIMEOUT_MS = 2_000;
/** Maximum number of alerts waiting to be written. Above it, the oldest are discarded. */
const MAX_UNWRITTEN = 20_000;

/** An alert that is not in the store as it is, and its notifications by id. */
export type Unwritten = {
  readonly alert: AlertRow;
  readonly deliveries: ReadonlyMap<string, AlertDeliveryRow>;
};

/**
 * Writes alerts to the store in the background. While the store fails, a bounded number of them stays in memory and is
 * written when the store works again, so alerting does not depend on the store.
 */
export class AlertJournal {
  readonly #options: AlertJournalOptions;
  #unwritten = new Map<string, Unwritten>();
  /** What a write in progress contains. */
  #beingWritten: readonly Unwritten[] = [];
  #writing: Promise<void> | undefined;
  #hasLostLead = false;
  #cancelRetry: () => void = () => {};
  #cancelPrune: () => void = () => {};
  #pruning: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: AlertJournalOptions) {
    this.#options = options;
    this.#prune();
  }

  /** Schedules an alert and a delivery of it to be written, in one transaction with everything else of the same turn. */
  put(alert: AlertRow, delivery?: AlertDeliveryRow): void {
    // A non-empty map has a write scheduled already, or waits for the retry.
    if (this.#unwritten.size === 0) queueMicrotask(() => void this.#write());
    this.#add(alert, delivery);
  }

  #add(alert: AlertRow, delivery?: AlertDeliveryRow): void {
    const before = this.#unwritten.get(alert.id);
    const deliveries = new Map(before?.deliveries);
    if (delivery !== undefined) deliveries.set(delivery.id, delivery);
    // A delivery carries the alert as it was when it was created, which must not undo a resolution.
    const latest = before?.alert.state === 'resolved' ? before.alert : alert;
    this.#unwritten.set(alert.id, { alert: latest, deliveries });
    if (this.#unwritten.size > MAX_UNWRITTEN) {
      const [oldest] = this.#unwritten.keys();
      if (oldest !== undefined) this.#unwritten.delete(oldest);
    }
  }

  /**
   * Resolves when everything put so far is stored, when the store has failed, or after two seconds. Never rejects.
   */
  async stored(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(STORED_TIMEOUT_MS, resolve);
    await Promise.race([this.#write(), promise]);
    cancel();
  }

  /** Whether the store has answered that another gateway leads: that one sends what is left. */
  get hasLostLead(): boolean {
    return this.#hasLostLead;
  }

  /** Whether something could not be written so far. */
  get isBehind(): boolean {
    return this.#unwritten.size > 0 || this.#beingWritten.length > 0;
  }

  /** Stops the timers and writes what is left, within the time limit of `stored`. Returns what could not be written. */
  async stop(): Promise<readonly Unwritten[]> {
    this.#stopped = true;
    this.#cancelPrune();
    this.#cancelRetry();
    await this.#pruning;
    await this.stored();
    return [...this.#beingWritten, ...this.#unwritten.values()];
  }

  async #write(): Promise<void> {
    // A write in progress does not contain what was put after it began.
    if (this.#writing !== undefined) await this.#writing;
    if (this.#unwritten.size === 0) return;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#cancelRetry();
    const { leadership } = this.#options;
    const batch = this.#unwritten;
    this.#unwritten = new Map();
    this.#beingWritten = [...batch.values()];
    try {
      await this.#options.store.transaction(async (inside) => {
        const { alerts } = inside;
        await leadership?.requireLead(inside);
        const entries = [...batch.values()];
        await alerts.save(entries.map(({ alert }) => alert));
        await alerts.saveDeliveries(entries.flatMap(({ deliveries }) => [...deliveries.values()]));
      });
      this.#beingWritten = [];
      this.#hasLostLead = false;
    } catch (error) {
      this.#beingWritten = [];
      this.#hasLostLead = error instanceof LeadershipLostError;
      const newer = this.#unwritten;
      this.#unwritten = batch;
      for (const { alert, deliveries } of newer.values()) {
        this.#add(alert);
        for (const delivery of deliveries.values()) this.#add(alert, delivery);
      }
      // `stop` follows, and returns what the new leader cannot know.
      if (this.#hasLostLead && leadership?.isLeader !== true) return;
      if (!this.#stopped)
        this.#cancelRetry = this.#options.clock.after(RETRY_DELAY_MS, () => void this.#write());
      this.#options.onFailed(error);
    }
  }

  /** Prunes the store now, and then daily. */
  #prune(): void {
    const { store, clock, onFailed } = this.#options;
    this.#pruning = store.alerts.prune(clock.wall() - RETENTION_MS).then(() => {}, onFailed);
    this.#cancelPrune = clock.after(DAY_MS, () => this.#prune());
  }
}
