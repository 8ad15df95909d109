import { performance } from 'node:perf_hooks';

/** Time and randomness, injected so that tests can control them. Times are in milliseconds. */
export type Clock = {
  /** Monotonic time, unrelated to the date. */
  now(): number;
  /** Wall-clock time in milliseconds since 1970; may jump. */
  wall(): number;
  /** Returns a random number from 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** Calls `callback` once. The returned function cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls `callback` after the event loop has polled for input once more. The returned function cancels it. */
  afterPoll(callback: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  random: () => Math.random(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  afterPoll(callback) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
};
