import { TunnelError } from '@penstock/wire';
import type { Lookup } from './lookup.ts';

/**
 * At most `running` lookups at a time, and at most `waiting` behind them. The system's resolver holds a thread for
 * each, for as long as a silent name server makes it wait. Throws TunnelError DNS_FAILED when there is no more room.
 */
export function boundedLookup(
  resolve: Lookup,
  { running, waiting }: { readonly running: number; readonly waiting: number },
): Lookup {
  const queue: (() => void)[] = [];
  let active = 0;
  return async (host) => {
    if (active < running) active += 1;
    else if (queue.length < waiting) await new Promise<void>((resume) => queue.push(resume));
    else {
      throw new TunnelError(
        'DNS_FAILED',
        `${host} was not looked up: ${waiting} other names wait already. Do this host's name servers answer?`,
      );
    }
    try {
      return await resolve(host);
    } finally {
      // The place goes to the next in line, if there is one.
      const next = queue.shift();
      if (next === undefined) active -= 1;
      else next();
    }
  };
}
