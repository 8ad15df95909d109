/** Entries that wait to be written, oldest first. When it is full, the oldest one is dropped: nothing waits for room. */
export class EntryRing<Entry extends { readonly id: number }> {
  readonly #capacity: number;
  readonly #entries = new Map<number, Entry>();
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(entry: Entry): void {
    // An entry that replaces one of the same id takes its place.
    if (!this.#entries.has(entry.id) && this.#entries.size >= this.#capacity) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
      this.#dropped += 1;
    }
    this.#entries.set(entry.id, entry);
  }

  /** The oldest entries. They stay until they are removed. */
  oldest(limit: number): Entry[] {
    return this.#entries.values().take(limit).toArray();
  }

  /** Removes entries that were written, except those replaced meanwhile. */
  remove(written: readonly Entry[]): void {
    for (const entry of written) if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
  }
}
