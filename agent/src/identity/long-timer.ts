import type { Clock } from '@penstock/runtime';

/** Node's timers end at 2^31 milliseconds, and one set for longer fires at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `callback` once, after any time; the answer stops it. */
export function longTimer(clock: Clock, milliseconds: number, callback: () => void): () => void {
  let stop = () => {};
  const wait = (left: number) => {
    const part = Math.min(Math.max(left, 0), LONGEST);
    stop = clock.after(part, () => (left > part ? wait(left - part) : callback()));
  };
  wait(milliseconds);
  return () => stop();
}
