import { performance } from 'node:perf_hooks';

/** Time and chance, given in so that a test can hold them. All in milliseconds. */
export type Clock = {
  /** Monotonic; says nothing about the date. */
  now(): number;
  /** The date, as milliseconds since 1970; may jump. */
  wall(): number;
  /** From 0 up to, but not including, 1. */
  random(): number;
  /** Calls `callback` once; the answer stops it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Calls `callback` when the event loop has polled for input once more; the answer stops it. */
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
