import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { PATIENCE_MS } from './deadline.ts';

const POLL_MS = 10;

export type EventuallyOptions = {
  /** Milliseconds until the wait fails. */
  readonly within?: number;
  /** Milliseconds between two looks, for a condition that starts a program. */
  readonly every?: number;
  /** Describes the state when the deadline passed; by default the last value or error. */
  readonly state?: () => unknown;
};

/**
 * Waits until `condition` returns a truthy value, and returns it. A condition that throws counts as not met, so it may
 * contain assertions. Fails after `within` milliseconds (default `PATIENCE_MS`) with the last state.
 */
export async function eventually<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  { within = PATIENCE_MS, every = POLL_MS, state }: EventuallyOptions = {},
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
    await delay(every);
  }
}
