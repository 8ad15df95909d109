import type { GatewayConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { AlertDeliveryRow, AlertRow } from '@penstock/store';
import type { ControlPlaneLog } from '../observe/event.ts';
import { messageBody } from './message-body.ts';
import type { PostOutcome, postWebhook } from './post-webhook.ts';
import { retryDelay } from './retry-delay.ts';

export type ReceiverConfig = GatewayConfig['receivers'][number];

/** An alert transition to be delivered to one receiver. `alert` is the alert as it was then. */
export type Notification = { readonly alert: AlertRow; readonly delivery: AlertDeliveryRow };

export type ReceiverPorts = {
  readonly clock: Clock;
  readonly organization: string;
  /** `console.url` of gateway.yaml in force. */
  readonly consoleUrl?: () => string | undefined;
  readonly newId: () => string;
  readonly post: typeof postWebhook;
  readonly log: ControlPlaneLog;
  /** Schedules notifications to be stored. */
  readonly record: (notifications: readonly Notification[]) => void;
  /**
   * Resolves when everything recorded is stored, or when that takes too long; to false if another gateway has become the one that
   * sends. Never rejects.
   */
  readonly stored: () => Promise<boolean>;
  /** Called for each delivered message, each failed attempt and each abandoned message. */
  readonly count: (outcome: 'delivered' | 'failed' | 'abandoned') => void;
  /** Called when nothing is undelivered any more. */
  readonly onIdle: () => void;
};

export const ATTEMPT_TIMEOUT_MS = 10_000;
/** Maximum number of notifications queued for one receiver. Above it, the oldest are abandoned. */
export const MAX_QUEUED = 10_000;
const MAX_LOGGED_ALERTS = 50;
/** Why the notifications of a removed receiver were abandoned. */
export const RECEIVER_REMOVED = 'The receiver is no longer in gateway.yaml.';

/** A message in delivery. Its content is the same in every attempt, so that the receiver can recognize a repetition. */
type Message = {
  readonly id: string;
  readonly notifications: readonly Notification[];
  readonly attempts: number;
  readonly refusals: number;
};

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'grouping'; readonly cancel: () => void }
  | {
      readonly name: 'sending';
      readonly message: Message;
      readonly abort: AbortController;
      readonly done: Promise<void>;
    }
  | { readonly name: 'retrying'; readonly message: Message; readonly cancel: () => void }
  | { readonly name: 'stopped' };

/** Delivers to one receiver: groups notifications into messages, and sends each until it is delivered or abandoned. */
export class Receiver {
  #config: ReceiverConfig;
  readonly #ports: ReceiverPorts;
  #queue: Notification[] = [];
  #state: State = { name: 'idle' };

  constructor(config: ReceiverConfig, ports: ReceiverPorts) {
    this.#config = config;
    this.#ports = ports;
  }

  get name(): string {
    return this.#config.name;
  }

  /** Number of undelivered notifications, including those in delivery. */
  get pending(): number {
    return this.#queue.length + this.#inDelivery.length;
  }

  get #inDelivery(): readonly Notification[] {
    const state = this.#state;
    return state.name === 'sending' || state.name === 'retrying' ? state.message.notifications : [];
  }

  /** Queues notifications. The caller has recorded them. */
  add(notifications: readonly Notification[]): void {
    if (this.#state.name === 'stopped' || notifications.length === 0) return;
    this.#queue.push(...notifications);
    const excess = this.#queue.length - MAX_QUEUED;
    if (excess > 0) {
      this.#abandon(
        this.#queue.splice(0, excess),
        `More than ${MAX_QUEUED} notifications were queued for this receiver.`,
      );
    }
    if (this.#state.name === 'idle') this.#group();
  }

  /** Continues with the notifications that were undelivered before a restart. */
  resume(notifications: readonly Notification[]): void {
    const [messageId] = notifications.flatMap(({ delivery }) => delivery.messageId ?? []);
    const inDelivery = notifications.filter(
      ({ delivery }) => delivery.messageId === messageId && messageId !== undefined,
    );
    const [first] = inDelivery;
    if (first !== undefined && messageId !== undefined) {
      const { attempts, nextAt } = first.delivery;
      const delay = Math.max(0, nextAt - this.#ports.clock.wall());
      this.#retryAfter(delay, { id: messageId, notifications: inDelivery, attempts, refusals: 0 });
    }
    this.add(notifications.filter((each) => !inDelivery.includes(each)));
  }

  /** Applies a changed configuration. A new URL makes a message that waits for its next attempt be sent immediately. */
  apply(config: ReceiverConfig): void {
    const isMoved = config.webhook.reveal() !== this.#config.webhook.reveal();
    this.#config = config;
    if (!isMoved || this.#state.name !== 'retrying') return;
    this.#state.cancel();
    this.#send(this.#state.message);
  }

  /** Stops, and abandons everything undelivered. For a receiver that was removed from gateway.yaml. */
  async remove(): Promise<void> {
    const undelivered = [...this.#inDelivery, ...this.#queue];
    await this.stop();
    this.#abandon(undelivered, RECEIVER_REMOVED);
  }

  /** Stops immediately. Undelivered notifications stay in the store and are delivered after the next start. */
  async stop(): Promise<void> {
    const before = this.#state;
    this.#state = { name: 'stopped' };
    if (before.name === 'grouping' || before.name === 'retrying') before.cancel();
    if (before.name !== 'sending') return;
    before.abort.abort();
    await before.done;
  }

  #group(): void {
    const cancel = this.#ports.clock.after(this.#config.groupWait, () => {
      const notifications = this.#queue.splice(0);
      this.#send({ id: this.#ports.newId(), notifications, attempts: 0, refusals: 0 });
    });
    this.#state = { name: 'grouping', cancel };
  }

  #send({ id, notifications, attempts, refusals }: Message): void {
    const nextAt = this.#ports.clock.wall();
    const started = notifications.map(({ alert, delivery }) => ({
      alert,
      delivery: { ...delivery, messageId: id, attempts: attempts + 1, nextAt },
    }));
    const message = { id, notifications: started, attempts: attempts + 1, refusals };
    const abort = new AbortController();
    this.#ports.record(started);
    this.#state = { name: 'sending', message, abort, done: this.#attempt(message, abort.signal) };
  }

  async #attempt(message: Message, signal: AbortSignal): Promise<void> {
    const { clock, organization, consoleUrl, stored, post } = this.#ports;
    // The message id must be stored before the receiver can have seen it.
    if (!(await stored())) return;
    const { id, notifications } = message;
    const { name, webhook, secret, format } = this.#config;
    const at = createdAt(notifications);
    const transitions = notifications.map(transitionOf);
    const outcome = await post({
      url: webhook.reveal(),
      id,
      body: messageBody(format, {
        ...{ id, receiver: name, organization, at, transitions },
        consoleUrl: consoleUrl?.(),
      }),
      secret: secret?.reveal(),
      timeout: ATTEMPT_TIMEOUT_MS,
      signal,
      now: clock.wall(),
    });
    if (!signal.aborted) this.#settle(message, outcome);
  }

  #settle(message: Message, outcome: PostOutcome): void {
    if (outcome.name === 'aborted') return;
    const { clock, count, log, record } = this.#ports;
    const { notifications, attempts } = message;
    if (outcome.name === 'delivered') {
      count('delivered');
      record(settled(notifications, 'delivered', clock.wall(), null));
      this.#continue();
      return;
    }
    count('failed');
    const refusals = message.refusals + (outcome.name === 'refused' ? 1 : 0);
    const age = clock.wall() - createdAt(notifications);
    const delay = retryDelay(outcome, { attempts, refusals, age }, clock);
    const { detail } = outcome;
    if (delay === undefined) {
      this.#abandon(notifications, detail);
      this.#continue();
      return;
    }
    log('notification-failed', { receiver: this.name, detail, attempts, retryIn: Math.round(delay) });
    const nextAt = clock.wall() + Math.round(delay);
    const postponed = notifications.map(({ alert, delivery }) => ({
      alert,
      delivery: { ...delivery, nextAt, lastError: detail },
    }));
    record(postponed);
    this.#retryAfter(delay, { ...message, notifications: postponed, refusals });
  }

  #retryAfter(milliseconds: number, message: Message): void {
    const cancel = this.#ports.clock.after(milliseconds, () => this.#send(message));
    this.#state = { name: 'retrying', cancel, message };
  }

  /** After one message, starts the next one. */
  #continue(): void {
    if (this.#queue.length > 0) {
      this.#group();
      return;
    }
    this.#state = { name: 'idle' };
    this.#ports.onIdle();
  }

  #abandon(notifications: readonly Notification[], detail: string): void {
    if (notifications.length === 0) return;
    const { clock, count, log, record } = this.#ports;
    count('abandoned');
    log('notification-abandoned', {
      receiver: this.name,
      detail,
      alerts: notifications.map(({ alert }) => alert.id).slice(0, MAX_LOGGED_ALERTS),
    });
    record(settled(notifications, 'abandoned', clock.wall(), detail));
  }
}

const createdAt = (notifications: readonly Notification[]) =>
  Math.min(...notifications.map(({ delivery }) => delivery.createdAt));

const transitionOf = ({ alert, delivery: { kind } }: Notification) => ({ kind, alert });

/** The notifications in a final state. */
export function settled(
  notifications: readonly Notification[],
  state: 'delivered' | 'abandoned',
  at: number,
  lastError: string | null,
): readonly Notification[] {
  return notifications.map(({ alert, delivery }) => ({
    alert,
    delivery: { ...delivery, state, settledAt: at, lastError },
  }));
}
