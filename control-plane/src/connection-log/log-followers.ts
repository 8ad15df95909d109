import type { ConnectionLogRow } from '@penstock/store';

export type LogFollower = {
  /** Receives entries that were added or have changed, oldest first. Must neither throw nor wait. */
  readonly entries: (rows: readonly ConnectionLogRow[]) => void;
  /** Called once, after the last entries. */
  readonly end: () => void;
};

/** Entries of one interval; further ones are not published. */
export const MAX_PUBLISHED_ENTRIES = 5_000;

/** Passes changed entries to followers of the log, once per interval. Costs nothing while there are none. */
export class LogFollowers {
  readonly #followers = new Set<LogFollower>();
  /** Other replicas, whose followers see the entries of this one. */
  readonly #forwarders = new Set<(rows: readonly ConnectionLogRow[]) => void>();
  #onDemand: (isFollowed: boolean) => void = () => {};
  readonly #changed = new Map<number, () => ConnectionLogRow>();
  #state: 'open' | 'closed' = 'open';

  get count(): number {
    return this.#followers.size;
  }

  /** Returns a function that removes the follower. After `close`, its `end` is called immediately. */
  follow(follower: LogFollower): () => void {
    if (this.#state === 'closed') {
      follower.end();
      return () => {};
    }
    this.#followers.add(follower);
    if (this.#followers.size === 1) this.#onDemand(true);
    return () => {
      if (this.#followers.delete(follower) && this.#followers.size === 0) this.#onDemand(false);
    };
  }

  /** Calls `listener` now, and whenever there is a first follower or no longer any. */
  onDemand(listener: (isFollowed: boolean) => void): void {
    this.#onDemand = listener;
    listener(this.#followers.size > 0);
  }

  /** Calls `listener` with the entries of this gateway, until the returned function is called. */
  forward(listener: (rows: readonly ConnectionLogRow[]) => void): () => void {
    this.#forwarders.add(listener);
    return () => this.#forwarders.delete(listener);
  }

  /** Passes on entries of another replica. What is not an entry is left out. */
  receive(entries: readonly object[]): void {
    const rows = entries.filter(isRow);
    if (rows.length > 0) for (const follower of [...this.#followers]) follower.entries(rows);
  }

  /** Several changes of an entry within an interval are published as one. */
  add(id: number, row: () => ConnectionLogRow): void {
    if (this.#followers.size === 0 && this.#forwarders.size === 0) return;
    if (this.#changed.size >= MAX_PUBLISHED_ENTRIES && !this.#changed.has(id)) return;
    this.#changed.set(id, row);
  }

  publish(): void {
    if (this.#changed.size === 0) return;
    const rows = this.#changed
      .values()
      .map((row) => row())
      .toArray();
    this.#changed.clear();
    for (const follower of [...this.#followers]) follower.entries(rows);
    for (const forward of [...this.#forwarders]) forward(rows);
  }

  close(): void {
    this.#state = 'closed';
    this.publish();
    for (const follower of [...this.#followers]) {
      this.#followers.delete(follower);
      follower.end();
    }
  }
}

const NUMBERS = [
  'id',
  'startedAt',
  'attempts',
  'resumes',
  'adriftMs',
  'bytesFromClient',
  'bytesToClient',
  'count',
] as const satisfies readonly (keyof ConnectionLogRow)[];

function isRow(entry: object): entry is ConnectionLogRow {
  const row = entry as Partial<ConnectionLogRow>;
  return typeof row.state === 'string' && NUMBERS.every((name) => Number.isFinite(row[name]));
}
