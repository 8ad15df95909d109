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
    return () => this.#followers.delete(follower);
  }

  /** Several changes of an entry within an interval are published as one. */
  add(id: number, row: () => ConnectionLogRow): void {
    if (this.#followers.size === 0) return;
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
