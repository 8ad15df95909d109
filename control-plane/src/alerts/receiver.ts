import type { GatewayConfig } from '@penstock/config-schema';
import type { GatewayLog } from '@penstock/gateway';
import type { Clock } from '@penstock/runtime';
import type { AlertDeliveryRow, AlertRow } from '@penstock/store';
import { compose } from './compose.ts';
import type { PostOutcome, postWebhook } from './post-webhook.ts';
import { retryWait } from './retry.ts';

export type ReceiverConfig = GatewayConfig['notify'][number];

/** News of one alert that is for one receiver. */
export type Item = { readonly alert: AlertRow; readonly delivery: AlertDeliveryRow };

export type ReceiverPorts = {
  readonly clock: Clock;
  readonly organization: string;
  readonly newId: () => string;
  readonly post: typeof postWebhook;
  readonly log: GatewayLog;
  /** Has the items on record as they are now. */
  readonly record: (items: readonly Item[]) => void;
  /** Comes back when all that was recorded is stored, or when that takes too long. Never throws. */
  readonly stored: () => Promise<void>;
  /** Told of every message that has arrived, every attempt that failed and every message that was given up. */
  readonly count: (outcome: 'delivered' | 'failed' | 'abandoned') => void;
};

/** Milliseconds for one attempt. */
export const ATTEMPT_TIMEOUT = 10_000;
/** News that wait for one receiver; the oldest go when there are more. */
export const MAX_WAITING = 10_000;

/** One message on its way: what it says stays the same until it has arrived, so that a repetition can be told. */
type Message = {
  readonly id: string;
  readonly items: readonly Item[];
  readonly attempts: number;
  readonly refusals: number;
};

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'gathering'; readonly cancel: () => void }
  | {
      readonly name: 'sending';
      readonly message: Message;
      readonly abort: AbortController;
      readonly done: Promise<void>;
    }
  | { readonly name: 'waiting'; readonly message: Message; readonly cancel: () => void }
  | { readonly name: 'stopped' };

/** The way to one receiver: gathers news into messages and sends one after another until each has arrived. */
export class Receiver {
  #config: ReceiverConfig;
  readonly #ports: ReceiverPorts;
  #news: Item[] = [];
  #state: State = { name: 'idle' };

  constructor(config: ReceiverConfig, ports: ReceiverPorts) {
    this.#config = config;
    this.#ports = ports;
  }

  get name(): string {
    return this.#config.name;
  }

  /** News that have not arrived, those under way too. */
  get waiting(): number {
    return this.#news.length + this.#underWay.length;
  }

  get #underWay(): readonly Item[] {
    const state = this.#state;
    return state.name === 'sending' || state.name === 'waiting' ? state.message.items : [];
  }

  /** Takes news up; they are on record already. */
  add(items: readonly Item[]): void {
    if (this.#state.name === 'stopped' || items.length === 0) return;
    this.#news.push(...items);
    const over = this.#news.length - MAX_WAITING;
    if (over > 0) this.#abandon(this.#news.splice(0, over), 'Too much news waited for this receiver.');
    if (this.#state.name === 'idle') this.#gather();
  }

  /** Goes on with what had not arrived before a restart. */
  resume(items: readonly Item[]): void {
    const [started] = items.flatMap(({ delivery }) => delivery.messageId ?? []);
    const underWay = items.filter(({ delivery }) => delivery.messageId === started && started !== undefined);
    const [first] = underWay;
    if (first !== undefined && started !== undefined) {
      const { attempts, nextAt } = first.delivery;
      const wait = Math.max(0, nextAt - this.#ports.clock.wall());
      this.#wait({ id: started, items: underWay, attempts, refusals: 0 }, wait);
    }
    this.add(items.filter((item) => !underWay.includes(item)));
  }

  /** Puts changed settings in force: what waited for another attempt is tried at once. */
  apply(config: ReceiverConfig): void {
    const changed = config.webhook.reveal() !== this.#config.webhook.reveal();
    this.#config = config;
    if (!changed || this.#state.name !== 'waiting') return;
    this.#state.cancel();
    this.#send(this.#state.message);
  }

  /** Ends the way to a receiver that is gone from the file, and gives up what had not arrived. */
  async remove(): Promise<void> {
    const left = [...this.#underWay, ...this.#news];
    await this.stop();
    this.#abandon(left, 'The receiver is no longer in gateway.yaml.');
  }

  /** Ends; what has not arrived stays on record. */
  async stop(): Promise<void> {
    const before = this.#state;
    this.#state = { name: 'stopped' };
    if (before.name === 'gathering' || before.name === 'waiting') before.cancel();
    if (before.name !== 'sending') return;
    before.abort.abort();
    await before.done;
  }

  #gather(): void {
    const cancel = this.#ports.clock.after(this.#config.gather, () => {
      const items = this.#news.splice(0);
      this.#send({ id: this.#ports.newId(), items, attempts: 0, refusals: 0 });
    });
    this.#state = { name: 'gathering', cancel };
  }

  #send({ id, items, attempts, refusals }: Message): void {
    const nextAt = this.#ports.clock.wall();
    const started = items.map(({ alert, delivery }) => ({
      alert,
      delivery: { ...delivery, messageId: id, attempts: attempts + 1, nextAt },
    }));
    const message = { id, items: started, attempts: attempts + 1, refusals };
    const abort = new AbortController();
    this.#ports.record(started);
    this.#state = { name: 'sending', message, abort, done: this.#attempt(message, abort.signal) };
  }

  async #attempt(message: Message, signal: AbortSignal): Promise<void> {
    const { clock, organization, stored, post } = this.#ports;
    // The id of the message must be on record before anyone can have got it.
    await stored();
    const { id, items } = message;
    const { name, webhook, secret, format } = this.#config;
    const at = createdAt(items);
    const outcome = await post({
      url: webhook.reveal(),
      id,
      body: compose(format, { id, receiver: name, organization, at, notices: items.map(noticeOf) }),
      secret: secret?.reveal(),
      timeout: ATTEMPT_TIMEOUT,
      signal,
      now: clock.wall(),
    });
    if (!signal.aborted) this.#settle(message, outcome);
  }

  #settle(message: Message, outcome: PostOutcome): void {
    if (outcome.name === 'aborted') return;
    const { clock, count, log, record } = this.#ports;
    const { items, attempts } = message;
    if (outcome.name === 'delivered') {
      count('delivered');
      record(settled(items, 'delivered', clock.wall(), null));
      this.#next();
      return;
    }
    count('failed');
    const refusals = message.refusals + (outcome.name === 'refused' ? 1 : 0);
    const age = clock.wall() - createdAt(items);
    const wait = retryWait(outcome, { attempts, refusals, age }, clock);
    const { detail } = outcome;
    if (wait === undefined) {
      this.#abandon(items, detail);
      this.#next();
      return;
    }
    log('alert-delivery-failed', { receiver: this.name, detail, attempts, retryIn: Math.round(wait) });
    const nextAt = clock.wall() + Math.round(wait);
    const later = items.map(({ alert, delivery }) => ({
      alert,
      delivery: { ...delivery, nextAt, lastError: detail },
    }));
    record(later);
    this.#wait({ ...message, items: later, refusals }, wait);
  }

  #wait(message: Message, milliseconds: number): void {
    const cancel = this.#ports.clock.after(milliseconds, () => this.#send(message));
    this.#state = { name: 'waiting', cancel, message };
  }

  #next(): void {
    if (this.#news.length > 0) this.#gather();
    else this.#state = { name: 'idle' };
  }

  #abandon(items: readonly Item[], detail: string): void {
    if (items.length === 0) return;
    const { clock, count, log, record } = this.#ports;
    count('abandoned');
    log('alert-abandoned', {
      receiver: this.name,
      detail,
      alerts: items.map(({ alert }) => alert.id).slice(0, 50),
    });
    record(settled(items, 'abandoned', clock.wall(), detail));
  }
}

const createdAt = (items: readonly Item[]) => Math.min(...items.map(({ delivery }) => delivery.createdAt));

const noticeOf = ({ alert, delivery: { kind } }: Item) => ({ kind, alert });

/** Items of which nothing more is to be done. */
export function settled(
  items: readonly Item[],
  state: 'delivered' | 'abandoned',
  at: number,
  lastError: string | null,
): readonly Item[] {
  return items.map(({ alert, delivery }) => ({
    alert,
    delivery: { ...delivery, state, settledAt: at, lastError },
  }));
}
