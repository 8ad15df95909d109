import type { GatewayConfig } from '@penstock/config-schema';
import { type Clock, IdleWaiters, inSlices } from '@penstock/runtime';
import type { ControlPlaneLog } from '../observe/event.ts';
import type { AlertJournal } from './alert-journal.ts';
import type { PendingNotification } from './alert-tracker.ts';
import { testMessageBody } from './message-body.ts';
import type { PostOutcome, postWebhook } from './post-webhook.ts';
import { type Notification, RECEIVER_REMOVED, Receiver, settled } from './receiver.ts';

export type ReceiversOptions = {
  readonly clock: Clock;
  readonly organization: string;
  /** `console.url` of gateway.yaml in force. */
  readonly consoleUrl?: () => string | undefined;
  /** Returns ascending ids. */
  readonly newId: () => string;
  readonly post: typeof postWebhook;
  readonly journal: Pick<AlertJournal, 'put' | 'stored' | 'hasLostLead'>;
  readonly log: ControlPlaneLog;
};

/** Outcomes of the messages to one receiver since the gateway started, and its undelivered notifications. */
export type ReceiverCounts = {
  readonly receiver: string;
  readonly delivered: number;
  readonly failed: number;
  readonly abandoned: number;
  readonly pending: number;
};

/** The outcome of a test message, and its duration in milliseconds. */
export type AlertTest = PostOutcome & { readonly milliseconds: number };

/** Shorter than that of an alert message, because an operator waits for the outcome. */
const TEST_TIMEOUT_MS = 8_000;

type Counts = { delivered: number; failed: number; abandoned: number };

/** The receivers of the configuration in force, with the notifications for each. */
export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #receivers = new Map<string, Receiver>();
  readonly #counts = new Map<string, Counts>();
  readonly #tests = new Map<string, AbortController>();
  readonly #idle = new IdleWaiters(() => [...this.#receivers.values()].every(({ pending }) => pending === 0));
  #configs: GatewayConfig['receivers'];

  constructor(configs: GatewayConfig['receivers'], options: ReceiversOptions) {
    this.#options = options;
    this.#configs = configs;
    this.#configure(configs);
  }

  get counts(): readonly ReceiverCounts[] {
    return [...this.#receivers.values()].map(({ name, pending }) => ({
      receiver: name,
      pending,
      ...this.#countsOf(name),
    }));
  }

  /** Applies a changed configuration. The notifications of removed receivers are abandoned. */
  async apply(configs: GatewayConfig['receivers']): Promise<void> {
    this.#configs = configs;
    const names = new Set(configs.map(({ name }) => name));
    const removed = [...this.#receivers.values()].filter(({ name }) => !names.has(name));
    for (const { name } of removed) {
      this.#receivers.delete(name);
      this.#counts.delete(name);
    }
    this.#configure(configs);
    await Promise.all(removed.map((receiver) => receiver.remove()));
  }

  /** Records and queues notifications. Those for a receiver that is not configured any more are dropped. */
  async notify(pending: readonly PendingNotification[], date: number): Promise<void> {
    const { newId, clock } = this.#options;
    const notifications: Notification[] = [];
    const record = ({ alert, receiver, kind }: PendingNotification) => {
      if (!this.#receivers.has(receiver)) return;
      const id = newId();
      const unattempted = { messageId: null, attempts: 0, settledAt: null, lastError: null };
      const times = { createdAt: date, nextAt: date };
      const notification: Notification = {
        alert,
        delivery: { id, alertId: alert.id, receiver, kind, state: 'pending', ...times, ...unattempted },
      };
      this.#record([notification]);
      notifications.push(notification);
    };
    await inSlices(pending, record, clock);
    for (const [name, each] of byReceiver(notifications)) this.#receivers.get(name)?.add(each);
  }

  /** Continues with the notifications that were undelivered before a restart. They must be ordered, oldest first. */
  resume(notifications: readonly Notification[]): void {
    for (const [name, each] of byReceiver(notifications)) {
      const receiver = this.#receivers.get(name);
      if (receiver !== undefined) receiver.resume(each);
      else this.#record(settled(each, 'abandoned', this.#options.clock.wall(), RECEIVER_REMOVED));
    }
  }

  /**
   * Sends a test message to a receiver, without retries. Resolves to `unknown` when no receiver has that name, and to
   * `busy` while another test of it runs.
   */
  async test(name: string): Promise<AlertTest | 'unknown' | 'busy'> {
    const config = this.#configs.find((each) => each.name === name);
    if (config === undefined) return 'unknown';
    if (this.#tests.has(name)) return 'busy';
    const { clock, newId, organization, consoleUrl, post } = this.#options;
    const abort = new AbortController();
    this.#tests.set(name, abort);
    const id = newId();
    const startedAt = clock.now();
    const outcome = await post({
      url: config.webhook.reveal(),
      id,
      body: testMessageBody(config.format, {
        ...{ id, receiver: name, organization, at: clock.wall() },
        consoleUrl: consoleUrl?.(),
      }),
      secret: config.secret?.reveal(),
      timeout: TEST_TIMEOUT_MS,
      signal: abort.signal,
      now: clock.wall(),
    });
    this.#tests.delete(name);
    return { ...outcome, milliseconds: Math.round(clock.now() - startedAt) };
  }

  /** Resolves when every notification is delivered or abandoned, or after `timeout` milliseconds. Never rejects. */
  async delivered(timeout: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(timeout, resolve);
    await Promise.race([this.#idle.wait(), promise]);
    cancel();
  }

  /** Stops immediately. Undelivered notifications stay in the store. */
  async stop(): Promise<void> {
    for (const abort of this.#tests.values()) abort.abort();
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.stop()));
  }

  #configure(configs: GatewayConfig['receivers']): void {
    for (const config of configs) {
      const receiver = this.#receivers.get(config.name);
      if (receiver !== undefined) receiver.apply(config);
      else this.#receivers.set(config.name, this.#open(config));
    }
  }

  #open(config: GatewayConfig['receivers'][number]): Receiver {
    const { journal, ...options } = this.#options;
    return new Receiver(config, {
      ...options,
      record: (notifications) => this.#record(notifications),
      stored: async () => {
        await journal.stored();
        return !journal.hasLostLead;
      },
      count: (outcome) => {
        this.#countsOf(config.name)[outcome] += 1;
      },
      onIdle: () => this.#idle.notify(),
    });
  }

  #record(notifications: readonly Notification[]): void {
    for (const { alert, delivery } of notifications) this.#options.journal.put(alert, delivery);
  }

  #countsOf(name: string): Counts {
    const before = this.#counts.get(name);
    if (before !== undefined) return before;
    const counts = { delivered: 0, failed: 0, abandoned: 0 };
    this.#counts.set(name, counts);
    return counts;
  }
}

const byReceiver = (notifications: readonly Notification[]) =>
  Map.groupBy(notifications, ({ delivery }) => delivery.receiver);
