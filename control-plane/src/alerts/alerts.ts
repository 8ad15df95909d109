import type { AlertCondition, GatewayConfig } from '@penstock/config-schema';
import type { GatewayLog } from '@penstock/gateway';
import type { Clock } from '@penstock/runtime';
import type { AlertDeliveryRow, AlertRow, Store } from '@penstock/store';
import { risingIds } from '@penstock/store';
import { errorText } from '@penstock/wire';
import type { AlertFacts } from './facts.ts';
import { type Findings, findingsIn } from './findings.ts';
import { Journal } from './journal.ts';
import { postWebhook } from './post-webhook.ts';
import { type AlertTest, type ReceiverCounts, Receivers } from './receivers.ts';
import { AlertTracker, MAX_TRACKED, type Moment } from './tracker.ts';

export type AlertsConfig = Pick<GatewayConfig, 'alerts' | 'notify' | 'organization' | 'health'>;

export type AlertsOptions = {
  readonly store: Pick<Store, 'alerts' | 'transaction'>;
  readonly clock: Clock;
  readonly config: AlertsConfig;
  /** Facts of the moment; must not wait. */
  readonly facts: () => Omit<AlertFacts, 'now' | 'settled'>;
  /** Calls back when facts may have changed; the answer stops that. */
  readonly onFactsChanged: (listener: () => void) => () => void;
  readonly log: GatewayLog;
  readonly post?: typeof postWebhook;
};

const NOTHING: Findings = { holding: [], undecided: () => false };

export type AlertListener = (alert: AlertRow) => void;

/** Milliseconds between two evaluations: at most, and at least. Reading a fleet of thousands takes its time. */
const INTERVAL = 5_000;
const SHORTEST = 1_000;
/** Milliseconds from a change to its evaluation: changes come in groups. */
const SETTLING = 100;

/**
 * Watches the conditions of gateway.yaml, and tells receivers when one begins to hold and when it is over. The data path
 * does not know of it; when the store fails, it goes on from memory.
 */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #journal: Journal;
  readonly #tracker: AlertTracker;
  readonly #receivers: Receivers;
  readonly #listeners = new Set<AlertListener>();
  readonly #startedAt: number;
  readonly #stopListening: () => void;
  #config: AlertsConfig;
  #evaluatedAt = Number.NEGATIVE_INFINITY;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #stopped = false;

  private constructor(options: AlertsOptions) {
    const { clock, config, log, store, post = postWebhook } = options;
    const newId = risingIds();
    this.#options = options;
    this.#config = config;
    this.#startedAt = clock.now();
    this.#tracker = new AlertTracker(newId);
    const onFailed = (error: unknown) => log('store-failed', { detail: errorText(error) });
    this.#journal = new Journal({ store, clock, onFailed });
    const { organization, notify } = config;
    this.#receivers = new Receivers(notify, {
      clock,
      organization,
      newId,
      post,
      journal: this.#journal,
      log,
    });
    this.#stopListening = options.onFactsChanged(() => this.#evaluateWithin(SETTLING));
  }

  /** Begins to watch, and goes on with what was under way when the gateway stopped. Throws StoreError. */
  static async open(options: AlertsOptions): Promise<Alerts> {
    const { alerts } = options.store;
    const unfinished = await alerts.unfinished(MAX_TRACKED);
    const deliveries = await alerts.deliveriesOf(unfinished.map(({ id }) => id));
    const self = new Alerts(options);
    self.#resume(unfinished, deliveries);
    self.#evaluateWithin(SETTLING);
    return self;
  }

  /** Alerts that fire, the newest first. */
  get firing(): readonly AlertRow[] {
    return this.#tracker.firing;
  }

  /** What has become of the messages to each receiver. */
  get receivers(): readonly ReceiverCounts[] {
    return this.#receivers.counts;
  }

  /** Calls `listener` with each alert that begins to fire, and again when it is over. The answer stops that. */
  onChange(listener: AlertListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts a configuration in force. */
  async apply(config: AlertsConfig): Promise<void> {
    this.#config = config;
    await this.#receivers.apply(config.notify);
    this.#evaluateWithin(0);
  }

  /** Sends a test message to a receiver; see Receivers.test. */
  test(receiver: string): Promise<AlertTest | 'unknown' | 'busy'> {
    return this.#receivers.test(receiver);
  }

  /** Ends at once; what has not arrived is sent after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#cancel();
    await this.#receivers.stop();
    await this.#journal.stop();
  }

  #resume(alerts: readonly AlertRow[], deliveries: readonly AlertDeliveryRow[]): void {
    const toldOf = Map.groupBy(deliveries, ({ alertId }) => alertId);
    for (const alert of alerts) {
      if (alert.state !== 'firing') continue;
      const told = (toldOf.get(alert.id) ?? []).map(({ receiver }) => receiver);
      this.#tracker.resume(alert, told, this.#moment());
    }
    const known = new Map(alerts.map((alert) => [alert.id, alert]));
    const pending = deliveries.filter(({ state }) => state === 'pending');
    const oldestFirst = pending.sort((one, other) => (one.id < other.id ? -1 : 1));
    this.#receivers.resume(
      oldestFirst.flatMap((delivery) => {
        const alert = known.get(delivery.alertId);
        return alert === undefined ? [] : [{ alert, delivery }];
      }),
    );
  }

  #evaluateWithin(milliseconds: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const now = clock.now();
    const at = Math.max(now + milliseconds, this.#evaluatedAt + SHORTEST);
    if (at >= this.#dueAt) return;
    this.#cancel();
    this.#dueAt = at;
    this.#cancel = clock.after(at - now, () => this.#evaluate());
  }

  #evaluate(): void {
    const { facts, log } = this.#options;
    const { alerts, health } = this.#config;
    const moment = this.#moment();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#evaluatedAt = moment.now;
    const asked = new Set<AlertCondition>(alerts.map(({ when }) => when));
    const settled = moment.now - this.#startedAt >= health.staleAfter;
    const findings =
      asked.size === 0 ? NOTHING : findingsIn({ ...facts(), now: moment.date, settled }, asked);
    const { fired, resolved, news, due } = this.#tracker.observe(findings, alerts, moment);
    for (const alert of [...fired, ...resolved]) {
      const { id, condition, subject, detail } = alert;
      log(alert.state === 'firing' ? 'alert-fired' : 'alert-resolved', { id, condition, subject, detail });
      this.#journal.put(alert);
      for (const listener of this.#listeners) listener(alert);
    }
    this.#receivers.announce(news, moment.date);
    this.#evaluateWithin(Math.min(INTERVAL, due ?? INTERVAL));
  }

  #moment(): Moment {
    const { clock } = this.#options;
    return { now: clock.now(), date: clock.wall() };
  }
}
