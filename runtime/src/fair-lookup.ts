import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from './clock.ts';

export type HostAddress = { readonly address: string; readonly family: number };

/** Resolves a host name to all its addresses, in the resolver's order of preference. Throws what node:dns throws. */
export type Lookup = (host: string) => Promise<readonly HostAddress[]>;

export type LookupLimits = {
  /** Lookups that run at the same time. */
  readonly concurrent: number;
  /** Those of them whose domain's name servers do not answer. */
  readonly unanswered: number;
  /** Lookups of one domain that run at the same time. */
  readonly perDomain: number;
  /** Lookups that may wait, in total and for one domain. */
  readonly queued: number;
  readonly queuedPerDomain: number;
};

/** A lookup that takes this long, or fails temporarily, marks its domain as unanswered. */
const SLOW_MS = 1_500;
/** How long a domain stays marked without a further sign. */
const UNANSWERED_MS = 60_000;
const MAX_UNANSWERED_DOMAINS = 1_000;

type Job = { readonly host: string; readonly domain: string; readonly start: () => void };

/**
 * Shares the threads of the system's resolver among domains. A lookup occupies a thread for as long as the name servers do not
 * answer, which nothing can abort. Domains that do not answer therefore share a few threads, and no domain gets all of them,
 * so that names of other domains are resolved without delay. Rejects with EAI_AGAIN when too many lookups wait.
 */
export function fairLookup(resolve: Lookup, limits: LookupLimits, clock: Clock = systemClock): Lookup {
  const unanswered = new LRUCache<string, true>({ max: MAX_UNANSWERED_DOMAINS, ttl: UNANSWERED_MS });
  const running = new Map<string, number>();
  const waiting: Job[] = [];

  const total = () => running.values().reduce((sum, count) => sum + count, 0);
  const hasRoom = ({ domain }: Job): boolean => {
    if ((running.get(domain) ?? 0) >= limits.perDomain || total() >= limits.concurrent) return false;
    if (!unanswered.has(domain)) return true;
    const stuck = running
      .entries()
      .reduce((sum, [each, count]) => sum + (unanswered.has(each) ? count : 0), 0);
    return stuck < limits.unanswered;
  };
  const startWaiting = () => {
    for (let index = 0; index < waiting.length; ) {
      const job = waiting[index];
      if (job !== undefined && hasRoom(job)) {
        waiting.splice(index, 1);
        job.start();
      } else index += 1;
    }
  };
  const run = async (host: string, domain: string) => {
    running.set(domain, (running.get(domain) ?? 0) + 1);
    const mark = () => unanswered.set(domain, true);
    const stopTimer = clock.after(SLOW_MS, mark);
    const startedAt = clock.now();
    try {
      const found = await resolve(host);
      if (clock.now() - startedAt < SLOW_MS) unanswered.delete(domain);
      return found;
    } catch (error) {
      if (isTemporary(error)) mark();
      throw error;
    } finally {
      stopTimer();
      const left = (running.get(domain) ?? 1) - 1;
      if (left === 0) running.delete(domain);
      else running.set(domain, left);
      startWaiting();
    }
  };

  return (host) => {
    const domain = domainOf(host);
    const { promise, resolve: settle } = Promise.withResolvers<readonly HostAddress[]>();
    const job: Job = { host, domain, start: () => settle(run(host, domain)) };
    if (hasRoom(job)) job.start();
    else {
      const ofDomain = waiting.filter((each) => each.domain === domain).length;
      if (waiting.length >= limits.queued || ofDomain >= limits.queuedPerDomain) {
        return Promise.reject(tooManyWaiting(host, waiting.length));
      }
      waiting.push(job);
    }
    return promise;
  };
}

/** The names of one parent are usually answered by the same name servers. A single label stands for itself. */
function domainOf(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name.includes('.') ? name.slice(name.indexOf('.') + 1) : name;
}

const isTemporary = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'EAI_AGAIN' || error.code === 'ETIMEOUT');

function tooManyWaiting(host: string, count: number): Error {
  const message = `${host} was not resolved: ${count} other lookups are already waiting. Check the name servers of this host.`;
  return Object.assign(new Error(message), { code: 'EAI_AGAIN' });
}
