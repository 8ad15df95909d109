import { LRUCache } from 'lru-cache';

/**
 * An LRU cache of at most `entries` entries that takes memory as it fills. One with `max` takes it for all of them at once, 60 bytes
 * each.
 */
export const growingCache = <Key extends {}, Value extends {}>(entries: number): LRUCache<Key, Value> =>
  new LRUCache({ maxSize: entries, sizeCalculation: () => 1 });
