import { BriefSet } from './brief-set.ts';
import { sourceAddressKey } from './source-address-key.ts';

/**
 * Items by source address, for a limit that all sources share: the one to give up when it is reached is the oldest of the
 * source that has the most, so a source that takes much displaces itself first. IPv6 addresses of one /64 are one source.
 */
export class FairItems<Item extends {}> {
  readonly #sources = new Map<string, BriefSet<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns the function that removes the item; calls after the first have no effect. */
  add(address: string, item: Item): () => void {
    const key = sourceAddressKey(address);
    const items = this.#sources.get(key) ?? new BriefSet();
    this.#sources.set(key, items);
    const leave = items.add(item);
    this.#size += 1;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      leave();
      this.#size -= 1;
      if (items.size === 0) this.#sources.delete(key);
    };
  }

  /** The oldest item of the largest source, and of the oldest source among several such; undefined without items. */
  get mostDispensable(): Item | undefined {
    let largest: BriefSet<Item> | undefined;
    for (const items of this.#sources.values()) {
      if (largest === undefined || items.size > largest.size) largest = items;
    }
    return largest?.first;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const items of this.#sources.values()) yield* items;
  }
}
