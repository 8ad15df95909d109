import { Semaphore } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';
import type { Lookup } from './lookup.ts';

/**
 * Runs at most `running` lookups concurrently and lets at most `waiting` more wait. Each lookup occupies a thread of
 * the system resolver until the name server answers. Throws TunnelError DNS_FAILED when the queue is full.
 */
export function boundedLookup(
  resolve: Lookup,
  { running, waiting }: { readonly running: number; readonly waiting: number },
): Lookup {
  const semaphore = new Semaphore(running);
  return async (host) => {
    const release =
      semaphore.tryAcquire() ?? (semaphore.waiting < waiting ? await semaphore.acquire() : undefined);
    if (release === undefined) {
      throw new TunnelError(
        'DNS_FAILED',
        `${host} was not looked up: ${waiting} other names wait already. Do this host's name servers answer?`,
      );
    }
    try {
      return await resolve(host);
    } finally {
      release();
    }
  };
}
