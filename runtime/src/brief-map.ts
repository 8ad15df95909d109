/** What a table has in place of a value. */
type Slot<Value> = { value: Value | undefined };

/**
 * A map of objects that come and go. V8 replaces the table of a map again and again while entries are added and removed, and each table refers
 * to the next one. Once a dead one is in the old generation, what was in its successors when they were replaced survives every collection of
 * the young generation, with everything it refers to, until the whole heap is collected (docs/decisions/0032). The tables of this map hold no
 * value that was removed. Keys stay in them, so they must be small.
 */
export class BriefMap<Key extends string | number, Value extends {}> {
  readonly #slots = new Map<Key, Slot<Value>>();

  get size(): number {
    return this.#slots.size;
  }

  has(key: Key): boolean {
    return this.#slots.has(key);
  }

  get(key: Key): Value | undefined {
    return this.#slots.get(key)?.value;
  }

  set(key: Key, value: Value): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, { value });
    else slot.value = value;
  }

  /** Returns whether there was one. */
  delete(key: Key): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    slot.value = undefined;
    return this.#slots.delete(key);
  }

  clear(): void {
    for (const slot of this.#slots.values()) slot.value = undefined;
    this.#slots.clear();
  }

  /** The values in the order in which their keys were added, as for a Map. */
  values(): IteratorObject<Value, undefined> {
    return this.#slots.values().map(({ value }) => value as Value);
  }
}
