import { BriefMap } from '@penstock/runtime';
import type { ConnectionLogRow, ConnectionLogStore } from '@penstock/store';
import { StoreError } from '@penstock/store';
import { errorText } from '@penstock/wire';
import type { ControlPlaneLog } from '../observe/event.ts';
import { EntryRing } from './entry-ring.ts';
import type { LiveConnection, LoggedCode } from './live-connection.ts';
import { type LogLimits, pruneLog } from './prune-log.ts';

export type LogWriterOptions = {
  readonly open: () => Promise<ConnectionLogStore>;
  readonly limits: () => LogLimits;
  /** Connections that have not ended. */
  readonly live: () => Iterable<LiveConnection>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: ControlPlaneLog;
};

/** Ended connections kept for a store that does not respond: 20 seconds' worth at 1,000 connections a second. */
export const MAX_PENDING_ENTRIES = 20_000;
/** Entries of one statement. Turning them into JSON takes less than a millisecond. */
const BATCH_ENTRIES = 200;
const RETRY_DELAY_MS = 5_000;
const PRUNE_INTERVAL_MS = 60_000;
/** Entries written before the size is checked again, however short the time. */
const PRUNE_ENTRIES = 10_000;

/**
 * Writes entries to the store, in batches, one at a time. Whatever the store does, only this writer waits for it:
 * callers add entries to a ring of limited size.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #ended = new EntryRing<ConnectionLogRow>(MAX_PENDING_ENTRIES);
  /** Live connections to write, whose number is limited by `maxConnections`. */
  readonly #changed = new BriefMap<number, LiveConnection>();
  #store: ConnectionLogStore | undefined;
  #work: Promise<void> | undefined;
  #failure: string | undefined;
  #state: 'open' | 'closed' = 'open';
  #isFirst = true;
  #retryAt = 0;
  #prunedAt: number;
  #writtenSincePrune = 0;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#prunedAt = options.now();
  }

  /** Entries dropped because the store did not take them in time. */
  get dropped(): number {
    return this.#ended.dropped;
  }

  get pending(): number {
    return this.#ended.size + this.#changed.size;
  }

  changed(live: LiveConnection): void {
    this.#changed.set(live.key, live);
  }

  ended(row: ConnectionLogRow, live?: LiveConnection): void {
    if (live !== undefined) this.#changed.delete(live.key);
    this.#ended.add(row);
  }

  /** Starts to write what is pending, unless it is being written or the store failed a moment ago. */
  start(): void {
    if (this.#state === 'closed' || this.#work !== undefined || this.#options.now() < this.#retryAt) return;
    this.#run(true).catch(() => {});
  }

  /** Reads when everything that was pending at the call is written. Rejects with StoreError. */
  async read<Result>(read: (store: ConnectionLogStore) => Promise<Result>): Promise<Result> {
    await this.#flush();
    const store = await this.#opened();
    try {
      return await read(store);
    } catch (error) {
      if (needsReopening(error)) this.#reopen();
      throw error;
    }
  }

  /** Writes pending entries and closes the store; abandons both after this time. Nothing is written later. */
  async close(timeoutMs: number): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const closed = (async () => {
      if (this.pending > 0 || this.#work !== undefined) await this.#flush().catch(() => {});
      this.#state = 'closed';
      await this.#store?.close();
    })();
    await Promise.race([closed, timeout]);
    this.#state = 'closed';
    clearTimeout(timer);
  }

  async #flush(): Promise<void> {
    await this.#work?.catch(() => {});
    await (this.#work ?? this.#run(false));
  }

  #run(withPruning: boolean): Promise<void> {
    const work = this.#write(withPruning)
      .then(() => this.#succeeded())
      .catch((error: unknown) => {
        this.#failed(error);
        throw error;
      })
      .finally(() => {
        this.#work = undefined;
      });
    this.#work = work;
    return work;
  }

  async #write(withPruning: boolean): Promise<void> {
    const store = await this.#opened();
    // Entries that arrive meanwhile are left to the next run, which keeps this one short.
    for (let left = this.pending; left > 0; left -= BATCH_ENTRIES) {
      if (this.pending === 0) break;
      await this.#writeBatch(store);
    }
    if (withPruning) await this.#pruneWhenDue(store);
  }

  async #writeBatch(store: ConnectionLogStore): Promise<void> {
    const ended = this.#ended.oldest(BATCH_ENTRIES);
    const live = this.#changed
      .values()
      .take(BATCH_ENTRIES - ended.length)
      .toArray();
    for (const each of live) this.#changed.delete(each.key);
    try {
      await store.save([...ended, ...live.map((each) => each.row())], this.#options.now());
    } catch (error) {
      for (const each of live) if (!each.hasEnded) this.#changed.set(each.key, each);
      throw error;
    }
    this.#ended.remove(ended);
    this.#writtenSincePrune += ended.length + live.length;
  }

  async #pruneWhenDue(store: ConnectionLogStore): Promise<void> {
    const now = this.#options.now();
    const isDue = now - this.#prunedAt >= PRUNE_INTERVAL_MS || now < this.#prunedAt;
    if (!isDue && this.#writtenSincePrune < PRUNE_ENTRIES) return;
    this.#writtenSincePrune = 0;
    await pruneLog(store, this.#options.limits(), now);
    if (!isDue) return;
    this.#prunedAt = now;
    // After a crash, the log has the bytes of a minute ago. `written_at` is the time at which it was last alive.
    for (const live of this.#options.live()) this.#changed.set(live.key, live);
    await store.save([], now);
  }

  async #opened(): Promise<ConnectionLogStore> {
    if (this.#store !== undefined) return this.#store;
    const store = await this.#options.open();
    try {
      if (this.#isFirst) await store.endAbandoned('GATEWAY_STOPPED' satisfies LoggedCode);
      if (this.#state === 'closed') throw new StoreError('closed', 'The connection log is closed.');
    } catch (error) {
      await store.close();
      throw error;
    }
    this.#isFirst = false;
    this.#store = store;
    return store;
  }

  #succeeded(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#options.log('connection-log-recovered');
  }

  #failed(error: unknown): void {
    this.#retryAt = this.#options.now() + RETRY_DELAY_MS;
    const detail = errorText(error);
    if (this.#failure === undefined) this.#options.log('connection-log-failed', { detail });
    this.#failure = detail;
    if (needsReopening(error)) this.#reopen();
  }

  #reopen(): void {
    void this.#store?.close();
    this.#store = undefined;
    for (const live of this.#options.live()) this.#changed.set(live.key, live);
  }
}

/** An administrator who is short of disk space may delete the file of a running gateway; it is created again. */
const needsReopening = (error: unknown) =>
  error instanceof StoreError && (error.failure === 'damaged' || error.outage === 'file-gone');
