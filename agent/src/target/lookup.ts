import { lookup } from 'node:dns/promises';
import { Semaphore } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import { LRUCache } from 'lru-cache';

export type Address = { readonly address: string; readonly family: number };

/** Resolves a host name to all its addresses, in the resolver's order of preference. Throws what node:dns throws. */
export type Lookup = (host: string) => Promise<readonly Address[]>;

export type LookupLimits = {
  /** Lookups that run at the same time. */
  readonly concurrent: number;
  /** Lookups that may wait. */
  readonly queued: number;
};

/**
 * Leaves one of libuv's four threads for files. As many names may wait as a session can open at a time.
 */
const SYSTEM_LIMITS: LookupLimits = { concurrent: 3, queued: 256 };

/**
 * Limits concurrent lookups, because the system's resolver occupies a thread for each for as long as a name server does not
 * answer. Throws TunnelError DNS_FAILED when too many lookups wait.
 */
export function limitedLookup(resolve: Lookup, { concurrent, queued }: LookupLimits): Lookup {
  const semaphore = new Semaphore(concurrent);
  return async (host) => {
    let release = semaphore.tryAcquire();
    if (release === undefined) {
      if (semaphore.waiting >= queued) {
        throw new TunnelError(
          'DNS_FAILED',
          `${host} was not resolved: ${queued} other lookups are already waiting. Check the name servers of this host.`,
        );
      }
      release = await semaphore.acquire();
    }
    try {
      return await resolve(host);
    } finally {
      release();
    }
  };
}

const systemLookup = limitedLookup((host) => lookup(host, { all: true, order: 'verbatim' }), SYSTEM_LIMITS);

/**
 * Caches up to `size` names for `ttl` milliseconds, and resolves a name once for all opens that wait for it. Failures are not
 * cached: while a name cannot be resolved, its last answer remains valid.
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
