import type { AlertDeliveryRow, AlertRow } from '@penstock/store';
import { ascendingIds } from '@penstock/store';
import { errorText } from '@penstock/wire';
import type { Leadership } from '../leadership/leadership.ts';
import { AlertHandOver } from './alert-hand-over.ts';
import { MAX_TRACKED_ALERTS } from './alert-tracker.ts';
import { type AlertListener, Alerts, type AlertsConfig, type AlertsOptions } from './alerts.ts';
import { postWebhook } from './post-webhook.ts';
import { type AlertTest, type ReceiverCounts, Receivers } from './receivers.ts';

/** Alerts as the rest of the gateway uses them, whichever gateway evaluates them. */
export type AlertService = {
  /** Firing alerts, newest first. */
  readonly firing: readonly AlertRow[];
  /** Delivery counts of each receiver, of the messages that this gateway sent. */
  readonly receivers: readonly ReceiverCounts[];
  /** Calls `listener` with each alert that fires, and again when it is resolved. Returns what removes the listener. */
  onChange(listener: AlertListener): () => void;
  /** Applies a reloaded configuration. */
  apply(config: AlertsConfig): Promise<void>;
  /** Sends a test message to a receiver; see Receivers.test. */
  test(receiver: string): Promise<AlertTest | 'unknown' | 'busy'>;
  /** Alerts were written to the store, here or by another gateway; `ids`: of those handed over. Throws StoreError. */
  refresh(ids?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
};

export type LedAlertsOptions = AlertsOptions & { readonly leadership: Leadership };

/** What the store has of alerts that are firing, or of which notifications are undelivered. */
type Stored = { readonly alerts: readonly AlertRow[]; readonly deliveries: readonly AlertDeliveryRow[] };

const RETRY_MS = 5_000;

/**
 * Alerts that the leader evaluates and tells receivers, and every other gateway shows as the store has them. Whoever
 * takes over goes on with the alerts that are firing and the notifications that are undelivered.
 */
export class LedAlerts implements AlertService {
  readonly #options: LedAlertsOptions;
  readonly #listeners = new Set<AlertListener>();
  readonly #unlisten: () => void;
  readonly #handOver: AlertHandOver;
  #config: AlertsConfig;
  #stored: Stored;
  #leading: Alerts | undefined;
  /** Sends test messages while this gateway is not the leader. */
  #testers: Receivers;
  #switching: Promise<void> = Promise.resolve();
  #cancelRetry: () => void = () => {};
  #hasStopped = false;

  private constructor(options: LedAlertsOptions, stored: Stored) {
    this.#options = options;
    this.#config = options.config;
    this.#stored = stored;
    this.#testers = this.#createTesters();
    this.#handOver = new AlertHandOver(options);
    this.#unlisten = options.leadership.onChange(() => this.#switch());
  }

  /** Starts as the leader or beside it. Throws StoreError. */
  static async open(options: LedAlertsOptions): Promise<LedAlerts> {
    const alerts = new LedAlerts(options, await readStored(options));
    if (options.leadership.isLeader) await alerts.#lead();
    return alerts;
  }

  get firing(): readonly AlertRow[] {
    return this.#leading?.firing ?? this.#stored.alerts.filter(({ state }) => state === 'firing');
  }

  get receivers(): readonly ReceiverCounts[] {
    return (this.#leading ?? { receivers: this.#testers.counts }).receivers;
  }

  onChange(listener: AlertListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async apply(config: AlertsConfig): Promise<void> {
    this.#config = config;
    await this.#testers.apply(config.receivers);
    await this.#leading?.apply(config);
  }

  test(receiver: string): Promise<AlertTest | 'unknown' | 'busy'> {
    return (this.#leading ?? this.#testers).test(receiver);
  }

  async refresh(ids: readonly string[] = []): Promise<void> {
    // The leader knows what it wrote, and not what was handed over to it.
    if (this.#leading !== undefined) return this.#adopt(this.#leading, ids);
    const before = new Map(this.#stored.alerts.map((alert) => [alert.id, alert]));
    const stored = await readStored(this.#options);
    if (this.#leading !== undefined) return;
    this.#stored = stored;
    for (const alert of stored.alerts) {
      if (before.get(alert.id)?.state !== alert.state) this.#publish(alert);
      before.delete(alert.id);
    }
    for (const { id, state } of before.values()) {
      const now = state === 'firing' ? await this.#options.store.alerts.byId(id) : undefined;
      if (now?.state === 'resolved') this.#publish(now);
    }
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    this.#unlisten();
    this.#cancelRetry();
    await this.#switching;
    await this.#testers.stop();
    this.#handOver.add((await this.#leading?.stop()) ?? []);
    await this.#handOver.stop();
  }

  /** Becomes what the leadership says, after what is being done. */
  #switch(): void {
    this.#cancelRetry();
    this.#switching = this.#switching.then(async () => {
      const isLeader = this.#options.leadership.isLeader && !this.#hasStopped;
      if (isLeader === (this.#leading !== undefined)) return;
      try {
        if (isLeader) await this.#lead();
        else await this.#follow();
      } catch (error) {
        this.#options.log('store-failed', { detail: errorText(error) });
        if (!this.#hasStopped) this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => this.#switch());
      }
    });
  }

  async #lead(): Promise<void> {
    // While the store is away, the leader goes on with what was read last.
    this.#stored = await readStored(this.#options).catch(() => this.#stored);
    const { alerts, deliveries } = this.#stored;
    const leading = Alerts.start({ ...this.#options, config: this.#config }, alerts, deliveries);
    leading.onChange((alert) => this.#publish(alert));
    this.#leading = leading;
  }

  async #follow(): Promise<void> {
    const leading = this.#leading;
    this.#leading = undefined;
    this.#handOver.add((await leading?.stop()) ?? []);
    await this.refresh();
  }

  async #adopt(leading: Alerts, ids: readonly string[]): Promise<void> {
    const { store } = this.#options;
    const found = await Promise.all(ids.filter((id) => id !== '*').map((id) => store.alerts.byId(id)));
    const alerts = found.filter((alert) => alert !== undefined);
    if (alerts.length === 0 || this.#leading !== leading) return;
    await leading.adopt(alerts, await store.alerts.deliveriesOf(alerts.map(({ id }) => id)));
  }

  #publish(alert: AlertRow): void {
    for (const listener of this.#listeners) listener(alert);
  }

  #createTesters(): Receivers {
    const { clock, log, post = postWebhook } = this.#options;
    const { organization, receivers } = this.#config;
    const journal = { put() {}, async stored() {}, hasLostLead: false };
    const consoleUrl = () => this.#config.console?.url;
    return new Receivers(receivers, {
      clock,
      organization,
      consoleUrl,
      newId: ascendingIds(),
      post,
      journal,
      log,
    });
  }
}

async function readStored({ store }: Pick<AlertsOptions, 'store'>): Promise<Stored> {
  const alerts = await store.alerts.unfinished(MAX_TRACKED_ALERTS);
  return { alerts, deliveries: await store.alerts.deliveriesOf(alerts.map(({ id }) => id)) };
}
