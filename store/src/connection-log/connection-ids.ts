import { randomInt } from 'node:crypto';

/** Ids per millisecond of all gateways on a store. */
const IDS_PER_MS = 1024;
/** Gateways on a store that can create ids at the same time: each creates every 128th, and never one of another. */
export const ID_SLOTS = 128;

/**
 * Returns a function that creates an ascending id from the time at which a connection started, in milliseconds since
 * 1970. More than 8 in one run ahead of the clock. `slot` is that of this gateway among those on the store; by default
 * one at random, so that the ids of a gateway that is alone rarely repeat after its clock was set back.
 */
export function connectionIds(slot?: () => number): (startedAt: number) => number {
  const own = slot ?? fixed(randomInt(ID_SLOTS));
  let last = 0;
  return (startedAt) => {
    const least = Math.max(last + 1, firstIdAt(startedAt));
    last = least + ((((own() - least) % ID_SLOTS) + ID_SLOTS) % ID_SLOTS);
    return last;
  };
}

/** Every connection that started at this time or later has this id or a greater one. */
export function firstIdAt(time: number): number {
  return Math.trunc(time) * IDS_PER_MS;
}

const fixed = (value: number) => () => value;
