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
 * agents: otherwise these would change with the gateway. Between two readings of the database, and while it is away, the date
 * goes on by the monotonic clock: the host's may step.
 */
export function sharedClock(base: Clock = systemClock): SharedClock {
  let read: { readonly date: number; readonly at: number } | undefined;
  const wall = () => (read === undefined ? base.wall() : Math.round(read.date + base.now() - read.at));
  return {
    clock: { ...base, wall },
    setOffset(milliseconds) {
      const date = base.wall() + milliseconds;
      if (read === undefined || Math.abs(date - wall()) >= MIN_ADJUSTMENT_MS) read = { date, at: base.now() };
    },
  };
}
