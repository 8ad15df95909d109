import { lookup } from 'node:dns/promises';
import { LRUCache } from 'lru-cache';
import { boundedLookup } from './bounded-lookup.ts';
import type { Address, Lookup } from './lookup.ts';

const askSystem: Lookup = (host) => lookup(host, { all: true, order: 'verbatim' });

/** One thread of libuv's four is left for files. Names wait for as many opens as a session may bring at a time. */
const systemLookup = boundedLookup(askSystem, { running: 3, waiting: 256 });

/**
 * Answers from memory for `ttl` milliseconds, at most `size` names, and asks once however many opens wait for the
 * same name. Failures are not kept: while a name cannot be resolved, its last answer holds.
 */
export function cachedLookup(
  { ttl, size }: { ttl: number; size: number },
  resolve: Lookup = systemLookup,
): Lookup {
  const cache = new LRUCache<string, readonly Address[]>({
    max: size,
    ttl,
    fetchMethod: async (host, last) => {
      try {
        return await resolve(host);
      } catch (error) {
        if (last === undefined) throw error;
        return last;
      }
    },
    ignoreFetchAbort: true,
    allowStaleOnFetchAbort: true,
  });
  return async (host) => (await cache.fetch(host)) ?? [];
}
