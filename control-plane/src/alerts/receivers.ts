import type { GatewayConfig } from '@penstock/config-schema';
import type { GatewayLog } from '@penstock/gateway';
import type { Clock } from '@penstock/runtime';
import { composeTest } from './compose.ts';
import type { Journal } from './journal.ts';
import type { PostOutcome, postWebhook } from './post-webhook.ts';
import { type Item, Receiver, settled } from './receiver.ts';
import type { News } from './tracker.ts';

export type ReceiversOptions = {
  readonly clock: Clock;
  readonly organization: string;
  /** Gives ids that rise. */
  readonly newId: () => string;
  readonly post: typeof postWebhook;
  readonly journal: Pick<Journal, 'put' | 'stored'>;
  readonly log: GatewayLog;
};

/** Messages to one receiver since the start, by what came of them; and news that have not arrived. */
export type ReceiverCounts = {
  readonly receiver: string;
  readonly delivered: number;
  readonly failed: number;
  readonly abandoned: number;
  readonly waiting: number;
};

/** What came of a test message, and how many milliseconds it took. */
export type AlertTest = PostOutcome & { readonly milliseconds: number };

/** Milliseconds for the answer to a test message: whoever asked for it waits. */
const TEST_TIMEOUT = 8_000;
const GONE = 'The receiver is no longer in gateway.yaml.';

type Counted = { delivered: number; failed: number; abandoned: number };

/** The receivers of the configuration in force, and the news that are on their way to them. */
export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #receivers = new Map<string, Receiver>();
  readonly #counts = new Map<string, Counted>();
  readonly #tests = new Map<string, AbortController>();
  #configs: GatewayConfig['notify'];

  constructor(configs: GatewayConfig['notify'], options: ReceiversOptions) {
    this.#options = options;
    this.#configs = configs;
    this.#put(configs);
  }

  get counts(): readonly ReceiverCounts[] {
    return [...this.#receivers.values()].map(({ name, waiting }) => ({
      receiver: name,
      waiting,
      ...this.#countsOf(name),
    }));
  }

  /** Puts changed receivers in force; what had not arrived at one that is gone is given up. */
  async apply(configs: GatewayConfig['notify']): Promise<void> {
    this.#configs = configs;
    const names = new Set(configs.map(({ name }) => name));
    const gone = [...this.#receivers.values()].filter(({ name }) => !names.has(name));
    for (const { name } of gone) {
      this.#receivers.delete(name);
      this.#counts.delete(name);
    }
    this.#put(configs);
    await Promise.all(gone.map((receiver) => receiver.remove()));
  }

  /** Sends news on their way; those for a receiver that the file no longer has are left out. */
  announce(news: readonly News[], date: number): void {
    const { newId } = this.#options;
    const known = news.filter(({ receiver }) => this.#receivers.has(receiver));
    const items = known.map(({ alert, receiver, kind }): Item => {
      const id = newId();
      const fresh = { messageId: null, attempts: 0, settledAt: null, lastError: null };
      const times = { createdAt: date, nextAt: date };
      return {
        alert,
        delivery: { id, alertId: alert.id, receiver, kind, state: 'pending', ...times, ...fresh },
      };
    });
    this.#record(items);
    for (const [name, each] of byReceiver(items)) this.#receivers.get(name)?.add(each);
  }

  /** Goes on with what had not arrived before a restart, oldest first. */
  resume(items: readonly Item[]): void {
    for (const [name, each] of byReceiver(items)) {
      const receiver = this.#receivers.get(name);
      if (receiver !== undefined) receiver.resume(each);
      else this.#record(settled(each, 'abandoned', this.#options.clock.wall(), GONE));
    }
  }

  /** Sends a message that says that it is a test, once. `unknown`: no such receiver; `busy`: a test is under way. */
  async test(name: string): Promise<AlertTest | 'unknown' | 'busy'> {
    const config = this.#configs.find((each) => each.name === name);
    if (config === undefined) return 'unknown';
    if (this.#tests.has(name)) return 'busy';
    const { clock, newId, organization, post } = this.#options;
    const abort = new AbortController();
    this.#tests.set(name, abort);
    const id = newId();
    const begun = clock.now();
    const outcome = await post({
      url: config.webhook.reveal(),
      id,
      body: composeTest(config.format, { id, receiver: name, organization, at: clock.wall() }),
      secret: config.secret?.reveal(),
      timeout: TEST_TIMEOUT,
      signal: abort.signal,
      now: clock.wall(),
    });
    this.#tests.delete(name);
    return { ...outcome, milliseconds: Math.round(clock.now() - begun) };
  }

  /** Ends at once; what has not arrived stays on record. */
  async stop(): Promise<void> {
    for (const abort of this.#tests.values()) abort.abort();
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.stop()));
  }

  #put(configs: GatewayConfig['notify']): void {
    for (const config of configs) {
      const receiver = this.#receivers.get(config.name);
      if (receiver !== undefined) receiver.apply(config);
      else this.#receivers.set(config.name, this.#open(config));
    }
  }

  #open(config: GatewayConfig['notify'][number]): Receiver {
    const { journal, ...options } = this.#options;
    return new Receiver(config, {
      ...options,
      record: (items) => this.#record(items),
      stored: () => journal.stored(),
      count: (outcome) => {
        this.#countsOf(config.name)[outcome] += 1;
      },
    });
  }

  #record(items: readonly Item[]): void {
    for (const { alert, delivery } of items) this.#options.journal.put(alert, delivery);
  }

  #countsOf(name: string): Counted {
    const before = this.#counts.get(name);
    if (before !== undefined) return before;
    const counts = { delivered: 0, failed: 0, abandoned: 0 };
    this.#counts.set(name, counts);
    return counts;
  }
}

const byReceiver = (items: readonly Item[]) => Map.groupBy(items, ({ delivery }) => delivery.receiver);
