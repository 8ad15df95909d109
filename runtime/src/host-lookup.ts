import { lookup } from 'node:dns/promises';
import { fairLookup, type Lookup } from './fair-lookup.ts';

/**
 * Half of libuv's threads run lookups (uv__work_submit, UV__WORK_SLOW_IO). Both programs start with MIN_THREADS of them, so all
 * of these lookups run, and files never wait.
 */
const LIMITS = { concurrent: 60, unanswered: 16, perDomain: 6, queued: 1_024, queuedPerDomain: 256 } as const;

/**
 * Resolves names as every program of this host does: hosts file, search domains, name service switch, mDNS. Shared by the whole
 * process, as the threads are.
 */
export const hostLookup: Lookup = fairLookup(
  (host) => lookup(host, { all: true, order: 'verbatim' }),
  LIMITS,
);
