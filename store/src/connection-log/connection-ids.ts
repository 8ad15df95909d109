import { randomInt } from 'node:crypto';

/** Ids per millisecond; more connections in one run ahead of the clock. */
const IDS_PER_MS = 1024;

/**
 * Returns a function that creates an ascending id from the time at which a connection started, in milliseconds since
 * 1970. Each process starts at an offset of its own within the millisecond, so that ids rarely repeat after the clock
 * was set back.
 */
export function connectionIds(offset: number = randomInt(IDS_PER_MS / 2)): (startedAt: number) => number {
  let last = 0;
  return (startedAt) => {
    last = Math.max(last + 1, firstIdAt(startedAt) + offset);
    return last;
  };
}

/** Every connection that started at this time or later has this id or a greater one. */
export function firstIdAt(time: number): number {
  return Math.trunc(time) * IDS_PER_MS;
}
