import { type Clock, TokenBucket } from '@penstock/runtime';

/** Unsolicited messages an agent may send in a burst. Frequent reloads and heartbeats need only a few of them. */
const BURST = 200;
const MESSAGES_PER_SECOND = 50;

/**
 * Limits the unsolicited messages of an agent on one session: reading and judging each of them costs CPU time.
 * `tryTake` returns false for a message that exceeds the limit.
 */
export function messageRate(clock: Pick<Clock, 'now'>): TokenBucket {
  return new TokenBucket({ capacity: BURST, refillPerSecond: MESSAGES_PER_SECOND, clock });
}
