import type { Clock } from '@penstock/runtime';

/** Longest sleep before the date is looked at again, in milliseconds. */
const LONGEST_SLEEP = 60_000;

/**
 * Calls `callback` once, when `left` has come to nothing; the answer stops it. `left` gives the milliseconds until
 * then and is asked anew at least every minute: a timer stands still while the host sleeps, and how far the
 * gateway's clock is off may be learned later.
 */
export function dueTimer(clock: Clock, left: () => number, callback: () => void): () => void {
  let stop = () => {};
  const wait = () => {
    const sleep = Math.min(Math.max(Math.ceil(left()), 0), LONGEST_SLEEP);
    stop = clock.after(sleep, () => (left() > 0 ? wait() : callback()));
  };
  wait();
  return () => stop();
}
