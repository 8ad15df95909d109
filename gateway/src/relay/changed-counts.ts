import { type Counts, peerLimits } from '@penstock/cluster';

/** Counts by name, of which only those that have changed are sent. */
export class ChangedCounts {
  readonly #sent = new Map<string, number>();

  /** Records a count that was sent in another way. */
  take(name: string, count: number): void {
    this.#sent.set(name, count);
  }

  forget(name: string): void {
    this.#sent.delete(name);
  }

  /**
   * The counts that differ from what was sent last, as many as fit one message; the others follow next time. With `all`,
   * a name that is missing now has the count 0, which is never sent twice.
   */
  changes(current: Iterable<readonly [string, number]>, missing: 'all' | 'listed'): Counts {
    const changes: Counts = [];
    const seen = new Set<string>();
    const add = (of: string, count: number) => {
      if (changes.length >= peerLimits.counts) return;
      changes.push({ of, count });
      if (count === 0 && missing === 'all') this.#sent.delete(of);
      else this.#sent.set(of, count);
    };
    for (const [name, count] of current) {
      if (missing === 'all') seen.add(name);
      if ((this.#sent.get(name) ?? 0) !== count) add(name, count);
    }
    if (missing === 'all') for (const name of [...this.#sent.keys()]) if (!seen.has(name)) add(name, 0);
    return changes;
  }
}
