import type { Clock } from '@penstock/runtime';

/** A clock that advances only on request, for code that receives its clock. */
export type FakeClock = Clock & {
  /** Milliseconds until each active timer, the next one first. */
  readonly waiting: readonly number[];
  /** The value that `random` returns. */
  chance(value: number): void;
  /** Advances time and calls due timers in order. Promises settle in between. */
  pass(milliseconds: number): Promise<void>;
  /** Simulates a blocked event loop: time advances, and due timers are called late, by the next `pass`. */
  block(milliseconds: number): void;
  /** Simulates a suspended host: wall-clock time advances, the monotonic clock does not. */
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

/** Resolves when every promise that can settle has settled. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
