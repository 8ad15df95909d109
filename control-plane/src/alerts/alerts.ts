import type { AlertCondition, GatewayConfig } from '@penstock/config-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import type { AlertDeliveryRow, AlertRow, Store } from '@penstock/store';
import { ascendingIds } from '@penstock/store';
import { errorText } from '@penstock/wire';
import type { Leadership } from '../leadership/leadership.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { AlertJournal, type Unwritten } from './alert-journal.ts';
import { AlertTracker, type Moment } from './alert-tracker.ts';
import { type Evaluation, evaluateConditions } from './evaluate-conditions.ts';
import type { FleetSnapshot } from './fleet-snapshot.ts';
import { postWebhook } from './post-webhook.ts';
import { type AlertTest, type ReceiverCounts, Receivers } from './receivers.ts';

export type AlertsConfig = Pick<GatewayConfig, 'alerts' | 'receivers' | 'organization' | 'health'> & {
  readonly console?: GatewayConfig['console'];
};

export type AlertsOptions = {
  readonly store: Pick<Store, 'alerts' | 'transaction'>;
  readonly clock: Clock;
  readonly config: AlertsConfig;
  /** Returns the current state of the fleet. */
  readonly snapshot: () => Omit<FleetSnapshot, 'now' | 'isSettled'>;
  /** Calls `listener` when the fleet may have changed. Returns a function that removes the listener. */
  readonly onFleetChange: (listener: () => void) => () => void;
  readonly log: ControlPlaneLog;
  readonly post?: typeof postWebhook;
  /** Whether an operator has silenced this alert. */
  readonly isSilenced?: (alert: AlertRow) => boolean;
  /** Whose writes are valid. Undefined: this gateway is the only one. */
  readonly leadership?: Leadership;
  /** Whether all sessions of the fleet are known, also those to other gateways. Default: they are. */
  readonly isWhole?: () => boolean;
};

const NOTHING_WATCHED: Evaluation = { active: new Map(), isUndecided: () => false };

export type AlertListener = (alert: AlertRow) => void;

const MAX_INTERVAL_MS = 5_000;
/** Reading a fleet of thousands of agents is expensive, so evaluations are at least this far apart. */
const MIN_INTERVAL_MS = 1_000;
/** Delay between a change and its evaluation, since changes come in bursts. */
const CHANGE_DELAY_MS = 100;
/**
 * An agent that is absent may be connected to a gateway that cannot be reached. For this time, nothing is concluded from it: a gateway
 * that was killed no longer counts by then, and another one leads that can reach more.
 */
const MAX_PARTIAL_MS = 60_000;
/** For notifications that nobody else can send, when this gateway is not the leader any more. */
const DELIVERY_TIMEOUT_MS = 10_000;

/**
 * Evaluates the alert rules of gateway.yaml, and notifies receivers when an alert fires and when it is resolved. Nothing
 * on the data path depends on it. While the store fails, it works from memory.
 */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #journal: AlertJournal;
  readonly #tracker: AlertTracker;
  readonly #receivers: Receivers;
  readonly #listeners = new Set<AlertListener>();
  readonly #startedAt: number;
  readonly #stopListening: () => void;
  #config: AlertsConfig;
  #evaluatedAt = Number.NEGATIVE_INFINITY;
  /** Since when another gateway cannot be reached. */
  #partialSince: number | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #evaluation: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(options: AlertsOptions) {
    const { clock, config, log, store, post = postWebhook } = options;
    const newId = ascendingIds();
    this.#options = options;
    this.#config = config;
    this.#startedAt = clock.now();
    this.#tracker = new AlertTracker(newId, clock);
    const onFailed = (error: unknown) => log('store-failed', { detail: errorText(error) });
    this.#journal = new AlertJournal({ store, clock, leadership: options.leadership, onFailed });
    const { organization, receivers } = config;
    this.#receivers = new Receivers(receivers, {
      clock,
      organization,
      consoleUrl: () => this.#config.console?.url,
      newId,
      post,
      journal: this.#journal,
      log,
    });
    this.#stopListening = options.onFleetChange(() => this.#evaluateWithin(CHANGE_DELAY_MS));
  }

  /** Starts, and goes on with these firing alerts and undelivered notifications of the store. */
  static start(
    options: AlertsOptions,
    unfinished: readonly AlertRow[],
    deliveries: readonly AlertDeliveryRow[],
  ): Alerts {
    const self = new Alerts(options);
    self.#resume(unfinished, deliveries);
    self.#evaluateWithin(CHANGE_DELAY_MS);
    return self;
  }

  /** Firing alerts, newest first. */
  get firing(): readonly AlertRow[] {
    return this.#tracker.firing;
  }

  /** Delivery counts of each receiver. */
  get receivers(): readonly ReceiverCounts[] {
    return this.#receivers.counts;
  }

  /**
   * Calls `listener` with each alert that fires, and again when it is resolved. Returns a function that removes the
   * listener.
   */
  onChange(listener: AlertListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Applies a reloaded configuration. */
  async apply(config: AlertsConfig): Promise<void> {
    this.#config = config;
    await this.#receivers.apply(config.receivers);
    this.#evaluateWithin(0);
  }

  /** Sends a test message to a receiver; see Receivers.test. */
  test(receiver: string): Promise<AlertTest | 'unknown' | 'busy'> {
    return this.#receivers.test(receiver);
  }

  /**
   * Goes on with alerts that another gateway fired without the store: with one that is firing here too, by resolving it,
   * since receivers know it by an id of its own.
   */
  async adopt(alerts: readonly AlertRow[], deliveries: readonly AlertDeliveryRow[]): Promise<void> {
    const isDouble = (alert: AlertRow) => alert.state === 'firing' && this.#tracker.isFiring(alert);
    this.#resume(
      alerts.filter((alert) => !isDouble(alert)),
      deliveries,
    );
    const date = this.#options.clock.wall();
    const doubles = alerts.filter(isDouble).map((alert) => ({
      ...alert,
      state: 'resolved' as const,
      resolvedAt: date,
    }));
    for (const alert of doubles) this.#record(alert);
    const toNotify = doubles.flatMap((alert) => {
      const notified = deliveries.filter(({ alertId }) => alertId === alert.id);
      return notified.map(({ receiver }) => ({ alert, receiver, kind: 'resolved' as const }));
    });
    await this.#receivers.notify(toNotify, date);
    this.#evaluateWithin(0);
  }

  /**
   * Stops immediately: undelivered notifications are sent after the next start, or by the next leader. Only what the store
   * does not have is delivered first, within ten seconds. Returns what could not be written.
   */
  async stop(): Promise<readonly Unwritten[]> {
    this.#stopped = true;
    this.#stopListening();
    this.#cancel();
    await this.#evaluation;
    await this.#journal.stored();
    if (this.#journal.isBehind && !this.#journal.hasLostLead)
      await this.#receivers.delivered(DELIVERY_TIMEOUT_MS);
    await this.#receivers.stop();
    return await this.#journal.stop();
  }

  #resume(alerts: readonly AlertRow[], deliveries: readonly AlertDeliveryRow[]): void {
    const deliveriesOf = Map.groupBy(deliveries, ({ alertId }) => alertId);
    for (const alert of alerts) {
      if (alert.state !== 'firing') continue;
      const notified = (deliveriesOf.get(alert.id) ?? []).map(({ receiver }) => receiver);
      this.#tracker.resume(alert, notified, this.#moment());
    }
    const byId = new Map(alerts.map((alert) => [alert.id, alert]));
    const pending = deliveries.filter(({ state }) => state === 'pending');
    const oldestFirst = pending.sort((one, other) => (one.id < other.id ? -1 : 1));
    this.#receivers.resume(
      oldestFirst.flatMap((delivery) => {
        const alert = byId.get(delivery.alertId);
        return alert === undefined ? [] : [{ alert, delivery }];
      }),
    );
  }

  #evaluateWithin(milliseconds: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const now = clock.now();
    const at = Math.max(now + milliseconds, this.#evaluatedAt + MIN_INTERVAL_MS);
    if (at >= this.#dueAt) return;
    this.#cancel();
    this.#dueAt = at;
    this.#cancel = clock.after(at - now, () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      // One after another: an evaluation of many agents takes several turns of the event loop.
      this.#evaluation = this.#evaluation.then(() => this.#evaluate());
    });
  }

  async #evaluate(): Promise<void> {
    const { snapshot, clock, leadership, isSilenced } = this.#options;
    const { alerts, health } = this.#config;
    // Its lease has ended by its own clock, as after a pause: what it knows of the fleet may be as old.
    if (leadership?.isLeader === false) return this.#evaluateWithin(MIN_INTERVAL_MS);
    const moment = this.#moment();
    this.#evaluatedAt = moment.now;
    const watched = new Set<AlertCondition>(alerts.map(({ condition }) => condition));
    const isSettled = this.#isSettled(moment.now, health.staleAfter);
    const evaluation =
      watched.size === 0
        ? NOTHING_WATCHED
        : await evaluateConditions({ ...snapshot(), now: moment.date, isSettled }, watched, clock);
    if (this.#stopped) return;
    const changes = await this.#tracker.observe(evaluation, alerts, moment, isSilenced);
    const { fired, resolved, notifications, due } = changes;
    await inSlices([...fired, ...resolved], (alert) => this.#record(alert), clock);
    await this.#receivers.notify(notifications, moment.date);
    this.#evaluateWithin(Math.min(MAX_INTERVAL_MS, due ?? MAX_INTERVAL_MS));
  }

  /** Whether an agent that is not seen is absent: all had the time to reconnect, and would be seen. */
  #isSettled(now: number, staleAfter: number): boolean {
    if (this.#options.isWhole?.() ?? true) this.#partialSince = undefined;
    else this.#partialSince ??= now;
    const isWhole = this.#partialSince === undefined || now - this.#partialSince >= MAX_PARTIAL_MS;
    return isWhole && now - this.#startedAt >= staleAfter;
  }

  #record(alert: AlertRow): void {
    const { id, condition, subject, detail } = alert;
    const event = alert.state === 'firing' ? 'alert-fired' : 'alert-resolved';
    this.#options.log(event, { id, condition, subject, detail });
    this.#journal.put(alert);
    for (const listener of this.#listeners) listener(alert);
  }

  #moment(): Moment {
    const { clock } = this.#options;
    return { now: clock.now(), date: clock.wall() };
  }
}
