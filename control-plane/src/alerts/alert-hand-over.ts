import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import type { Unwritten } from './alert-journal.ts';

export type AlertHandOverOptions = {
  readonly store: Pick<Store, 'alerts' | 'transaction'>;
  readonly clock: Clock;
};

const RETRY_MS = 5_000;
/** Maximum number of alerts that wait for the store. Above it, the oldest are discarded. */
const MAX_WAITING = 20_000;

/**
 * Hands alerts that this gateway fired as the leader without the store to the leader that has followed. They are only ever added
 * to the store: what it has is the new leader's. Without this, a receiver would never hear that such an alert is resolved.
 */
export class AlertHandOver {
  readonly #options: AlertHandOverOptions;
  readonly #waiting = new Map<string, Unwritten>();
  #writing: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #hasStopped = false;

  constructor(options: AlertHandOverOptions) {
    this.#options = options;
  }

  /** Hands these over as soon as the store answers. */
  add(unwritten: readonly Unwritten[]): void {
    for (const each of unwritten) {
      this.#waiting.set(each.alert.id, each);
      if (this.#waiting.size <= MAX_WAITING) continue;
      const [oldest = ''] = this.#waiting.keys();
      this.#waiting.delete(oldest);
    }
    this.#attempt();
  }

  /** Stops after the attempt in progress. What the store could not take is lost with the process. */
  async stop(): Promise<void> {
    this.#hasStopped = true;
    this.#cancel();
    await this.#writing;
  }

  #attempt(): void {
    this.#cancel();
    if (this.#waiting.size === 0) return;
    this.#writing = this.#writing.then(async () => {
      const { store, clock } = this.#options;
      const batch = [...this.#waiting.values()];
      try {
        await store.transaction(async ({ alerts }) => {
          const added = await alerts.handOver(batch.map(({ alert }) => alert));
          const deliveries = batch.filter(({ alert: { id } }) => added.has(id));
          await alerts.saveDeliveries(deliveries.flatMap((each) => [...each.deliveries.values()]));
        });
        for (const { alert } of batch) this.#waiting.delete(alert.id);
      } catch {
        // Its outage is reported by whoever uses the store.
        if (!this.#hasStopped) this.#cancel = clock.after(RETRY_MS, () => this.#attempt());
      }
    });
  }
}
