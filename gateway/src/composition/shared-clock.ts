import { type Clock, systemClock } from '@penstock/runtime';

/** The clock of a gateway, with the date of the database once that is known. */
export type SharedClock = {
  readonly clock: Clock;
  /** The database's clock is ahead of this host's by so many milliseconds. */
  setOffset(milliseconds: number): void;
};

/** Differences below this are the round trip's rather than the clock's. */
const MIN_ADJUSTMENT_MS = 20;

/**
 * The date by which all gateways on a database create ids, let things expire, issue certificates and judge the clocks of
 * agents: otherwise these would change with the gateway. It goes on from the last known difference while the database is
 * away.
 */
export function sharedClock(base: Clock = systemClock): SharedClock {
  let offset = 0;
  return {
    clock: { ...base, wall: () => base.wall() + offset },
    setOffset(milliseconds) {
      if (Math.abs(milliseconds - offset) >= MIN_ADJUSTMENT_MS) offset = milliseconds;
    },
  };
}
