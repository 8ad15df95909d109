import type { Clock } from '@penstock/runtime';

const MAX_SLEEP_MS = 60_000;

/**
 * Calls `callback` once, when `remaining` (milliseconds) has reached zero. Returns a function that stops the timer.
 *
 * `remaining` is evaluated at least every minute, because timers do not advance while the host sleeps and because the
 * offset of the gateway's clock may be measured later.
 */
export function startWallClockTimer(clock: Clock, remaining: () => number, callback: () => void): () => void {
  let stop = () => {};
  const wait = () => {
    const sleep = Math.min(Math.max(Math.ceil(remaining()), 0), MAX_SLEEP_MS);
    stop = clock.after(sleep, () => (remaining() > 0 ? wait() : callback()));
  };
  wait();
  return () => stop();
}
