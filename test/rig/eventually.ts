import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const POLL_MS = 10;

export type EventuallyOptions = {
  /** Milliseconds until the wait fails. */
  readonly within?: number;
  /** Says what the world looked like when the deadline passed; by default the last value or error. */
  readonly state?: () => unknown;
};

/**
 * Waits until `condition` gives something truthy, and returns it. A condition that throws is not yet met, so
 * assertions may stand in it. Fails after `within` milliseconds (5000) with what was seen last.
 */
export async function eventually<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  { within = 5000, state }: EventuallyOptions = {},
): Promise<Exclude<Value, false | undefined | null | 0 | ''>> {
  const start = performance.now();
  for (;;) {
    let seen: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<Value, false | undefined | null | 0 | ''>;
      seen = value;
    } catch (error) {
      seen = error;
    }
    if (performance.now() - start >= within) {
      const last = inspect(state === undefined ? seen : state(), { depth: 4 });
      throw new Error(`Waited ${within} ms for ${what}. Last seen: ${last}`, { cause: seen });
    }
    await delay(POLL_MS);
  }
}
