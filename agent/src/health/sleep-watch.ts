import { type Clock, systemClock } from '@penstock/runtime';

const TICK_MS = 2_000;
/** A tick this late, or a wall clock this far ahead of the monotonic clock, means that the host slept. */
const SLEEP_THRESHOLD_MS = 10_000;

/**
 * Calls `onSlept` within seconds after this host has slept. Returns a function that stops it. Some monotonic clocks stop during
 * sleep and others do not, so both clocks are compared. A clock that was set manually looks the same and costs one ping.
 */
export function watchSleep(onSlept: () => void, clock: Clock = systemClock): () => void {
  let stopTimer = () => {};
  const tick = () => {
    const due = clock.now() + TICK_MS;
    const ahead = clock.wall() - clock.now();
    stopTimer = clock.after(TICK_MS, () => {
      const slept =
        clock.now() - due > SLEEP_THRESHOLD_MS || clock.wall() - clock.now() - ahead > SLEEP_THRESHOLD_MS;
      tick();
      if (slept) onSlept();
    });
  };
  tick();
  return () => stopTimer();
}
