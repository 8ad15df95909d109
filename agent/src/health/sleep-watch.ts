import { type Clock, systemClock } from '@penstock/runtime';

const TICK = 2_000;
/** A tick this late, or a date this far ahead of the monotonic clock, means that the host slept. */
const SLEPT = 10_000;

/**
 * Tells soon after this host has slept; the answer stops it. Some monotonic clocks stand still in sleep and some do
 * not, so both are watched. A date that was set by hand looks the same, and costs one ping.
 */
export function watchSleep(onSlept: () => void, clock: Clock = systemClock): () => void {
  let stopTimer = () => {};
  const tick = () => {
    const due = clock.now() + TICK;
    const ahead = clock.wall() - clock.now();
    stopTimer = clock.after(TICK, () => {
      const slept = clock.now() - due > SLEPT || clock.wall() - clock.now() - ahead > SLEPT;
      tick();
      if (slept) onSlept();
    });
  };
  tick();
  return () => stopTimer();
}
