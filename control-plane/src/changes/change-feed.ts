import type { Clock } from '@penstock/runtime';
import type { ChangeKind, ChangeRow, Store } from '@penstock/store';

/** Reads what changed again and applies it. It may be called for what is in force already, and retries if it rejects. */
export type ApplyChanges = (keys: readonly string[]) => Promise<void> | void;

export type ChangeFeedOptions = {
  readonly store: Pick<Store, 'changes' | 'onRevision'>;
  readonly clock: Clock;
  /** Called when the store or a listener fails, once until it succeeds again. */
  readonly onFailed: (error: unknown) => void;
};

const POLL_MS = 1_000;
/** Changes of one read. Whoever is further behind than `MAX_BEHIND` revisions reads everything again. */
const PAGE_ROWS = 500;
const MAX_BEHIND = 5_000;

type Listener = { readonly apply: ApplyChanges; readonly reload: () => Promise<void> | void };

/**
 * Follows what all gateways on this store change, this one included, and has every part of the memory that depends on it
 * read it again: a revocation at one gateway is in force at the others within a second. Revisions have no gaps; where
 * one is missing (it was deleted, or the store was restored), everything is read again.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #listeners = new Map<ChangeKind, Listener[]>();
  /** Keys whose listener failed, by the listener. */
  readonly #unapplied = new Map<Listener, Set<string>>();
  /** Listeners that must read everything again. */
  readonly #unloaded = new Set<Listener>();
  readonly #unlisten: () => void;
  readonly #writtenListeners = new Set<(revision: number) => void>();
  #revision: number;
  #readAt: number;
  #polling: Promise<void> | undefined;
  #isHinted = false;
  #hasFailed = false;
  #cancel: () => void = () => {};
  #state: 'new' | 'running' | 'stopped' = 'new';

  private constructor(options: ChangeFeedOptions, revision: number) {
    this.#options = options;
    this.#revision = revision;
    this.#readAt = options.clock.now();
    this.#unlisten = options.store.onRevision((written) => {
      for (const listener of this.#writtenListeners) listener(written);
      this.hint(written);
    });
  }

  /** Begins at the present revision: what is read from the store afterwards is at least that new. Throws StoreError. */
  static async open(options: ChangeFeedOptions): Promise<ChangeFeed> {
    return new ChangeFeed(options, await options.store.changes.revision());
  }

  /** Calls `apply` with the keys of this kind that changed, and `reload` when it is not known what did. */
  on(kind: ChangeKind, apply: ApplyChanges, reload: () => Promise<void> | void): void {
    const listeners = this.#listeners.get(kind) ?? [];
    listeners.push({ apply, reload });
    this.#listeners.set(kind, listeners);
  }

  /** Everything up to this revision has been passed to the listeners. */
  get revision(): number {
    return this.#revision;
  }

  /** Milliseconds since the store was last read: what others changed since is unknown. */
  get age(): number {
    return this.#options.clock.now() - this.#readAt;
  }

  /** Starts polling, once a second. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#schedule();
  }

  /** Another gateway, or a transaction of this one, has reached this revision: reads it now. */
  hint(revision: number): void {
    if (this.#state !== 'running' || revision <= this.#revision) return;
    this.#isHinted = true;
    if (this.#polling !== undefined) return;
    this.#cancel();
    this.#poll();
  }

  /** Calls `listener` when a transaction of this gateway has reached a revision. The returned function ends that. */
  onWritten(listener: (revision: number) => void): () => void {
    this.#writtenListeners.add(listener);
    return () => void this.#writtenListeners.delete(listener);
  }

  /** Resolves when no listener is running. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancel();
    this.#unlisten();
    await this.#polling;
  }

  #schedule(): void {
    if (this.#state !== 'running') return;
    this.#cancel = this.#options.clock.after(POLL_MS, () => this.#poll());
  }

  #poll(): void {
    this.#polling = this.#read().finally(() => {
      this.#polling = undefined;
      // A failed read waits for its turn: a hint must not make an outage worse.
      if (this.#isHinted && !this.#hasFailed && this.#state === 'running') this.#poll();
      else this.#schedule();
    });
  }

  async #read(): Promise<void> {
    this.#isHinted = false;
    try {
      await this.#follow();
      this.#readAt = this.#options.clock.now();
      await this.#applyAll();
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#options.onFailed(error);
      this.#hasFailed = true;
    }
  }

  /** Notes what changed since the last read. */
  async #follow(): Promise<void> {
    const { changes } = this.#options.store;
    const latest = await changes.revision();
    if (latest === this.#revision) return;
    if (latest < this.#revision || latest > this.#revision + MAX_BEHIND) return this.#loseTrack(latest);
    while (this.#revision < latest) {
      const rows = wholeRevisions(await changes.after(this.#revision, PAGE_ROWS));
      if (!followsWithoutGap(this.#revision, rows)) return this.#loseTrack(latest);
      for (const row of rows) this.#note(row);
      this.#revision = rows.at(-1)?.revision ?? latest;
    }
  }

  #note({ kind, key }: ChangeRow): void {
    for (const listener of this.#listeners.get(kind) ?? []) {
      if (this.#unloaded.has(listener)) continue;
      const keys = this.#unapplied.get(listener) ?? new Set();
      this.#unapplied.set(listener, keys.add(key));
      if (keys.size <= MAX_BEHIND) continue;
      this.#unapplied.delete(listener);
      this.#unloaded.add(listener);
    }
  }

  #loseTrack(latest: number): void {
    this.#revision = latest;
    this.#unapplied.clear();
    for (const listeners of this.#listeners.values()) {
      for (const listener of listeners) this.#unloaded.add(listener);
    }
  }

  /** One listener that fails does not hold up the others: a revocation never waits for an alert. */
  async #applyAll(): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (work: () => Promise<void> | void, done: () => void) => {
      try {
        await work();
        done();
      } catch (error) {
        failures.push(error);
      }
    };
    for (const listener of [...this.#unloaded]) {
      await attempt(listener.reload, () => this.#unloaded.delete(listener));
    }
    for (const [listener, keys] of [...this.#unapplied]) {
      await attempt(
        () => listener.apply([...keys]),
        () => this.#unapplied.delete(listener),
      );
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Without the last revision of a full page, of which there may be more. */
function wholeRevisions(rows: readonly ChangeRow[]): readonly ChangeRow[] {
  const last = rows.at(-1)?.revision;
  const first = rows[0]?.revision;
  return rows.length < PAGE_ROWS || first === last ? rows : rows.filter(({ revision }) => revision !== last);
}

function followsWithoutGap(before: number, rows: readonly ChangeRow[]): boolean {
  // A revision that alone fills a page may be incomplete.
  if (rows.length === 0 || (rows.length === PAGE_ROWS && rows[0]?.revision === rows.at(-1)?.revision))
    return false;
  return rows.every(({ revision }, at) => {
    const previous = rows[at - 1]?.revision ?? before;
    return revision === previous + 1 || (at > 0 && revision === previous);
  });
}
