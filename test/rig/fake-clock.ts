import type { Clock } from '@penstock/runtime';

/** A clock that stands still until it is told; for everything that is given its time. */
export type FakeClock = Clock & {
  /** Milliseconds until each timer that is set, the soonest first. */
  readonly waiting: readonly number[];
  /** What `random` gives from now on. */
  chance(value: number): void;
  /** Lets time pass and calls, in order, what falls due. Promises settle in between. */
  pass(milliseconds: number): Promise<void>;
  /** The event loop is blocked: time passes, and what falls due is called late, by the next `pass`. */
  block(milliseconds: number): void;
  /** The host slept: the date has moved, the monotonic clock has not. */
  sleep(milliseconds: number): void;
};

type Timer = { readonly at: number; readonly callback: () => void };

export function fakeClock(start = 1_700_000_000_000): FakeClock {
  const timers = new Set<Timer>();
  let now = 0;
  let slept = 0;
  let chance = 0.5;
  const soonest = () => [...timers].sort((a, b) => a.at - b.at);
  return {
    now: () => now,
    wall: () => start + now + slept,
    random: () => chance,
    after(milliseconds, callback) {
      const timer = { at: now + milliseconds, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    afterPoll(callback) {
      const timer = { at: now, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get waiting() {
      return soonest().map(({ at }) => at - now);
    },
    chance(value) {
      chance = value;
    },
    async pass(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        await settled();
        const [next] = soonest();
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
    block(milliseconds) {
      now += milliseconds;
    },
    sleep(milliseconds) {
      slept += milliseconds;
    },
  };
}

/** Comes back when every promise that can settle has. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
