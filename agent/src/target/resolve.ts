import { lookup } from 'node:dns/promises';
import { LRUCache } from 'lru-cache';

export type Address = { readonly address: string; readonly family: number };
/** Resolves a host name to all its addresses, in the order the resolver prefers. Throws what node:dns throws. */
export type Lookup = (host: string) => Promise<readonly Address[]>;

const systemLookup: Lookup = (host) => lookup(host, { all: true, order: 'verbatim' });

/**
 * Answers from memory for `ttl` milliseconds, at most `size` names, and asks once however many opens wait for the
 * same name. Failures are not kept.
 */
export function cachedLookup(
  { ttl, size }: { ttl: number; size: number },
  resolve: Lookup = systemLookup,
): Lookup {
  const cache = new LRUCache<string, readonly Address[]>({
    max: size,
    ttl,
    fetchMethod: (host) => resolve(host),
    ignoreFetchAbort: true,
    allowStaleOnFetchAbort: true,
  });
  return async (host) => (await cache.fetch(host)) ?? [];
}
