import type { Clock } from '@penstock/runtime';
import type { PostOutcome } from './post-webhook.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Upper bound of the first delay. Each failure doubles it, up to `MAX_DELAY_MS`. */
const BASE_DELAY_MS = 1_000;
const MAX_DELAY_MS = 5 * MINUTE_MS;
const MAX_RETRY_AFTER_MS = HOUR_MS;
/** A message older than this is abandoned. */
export const MAX_AGE_MS = 24 * HOUR_MS;
/** Attempts at a message that the receiver refuses: its owner may be about to fix it. */
export const MAX_REFUSALS = 8;

type Failure = Extract<PostOutcome, { name: 'failed' | 'refused' }>;

type Attempts = {
  readonly attempts: number;
  /** Refusals of this message, including the last one. */
  readonly refusals: number;
  /** Milliseconds since the oldest notification of the message was created. */
  readonly age: number;
};

/**
 * Returns the milliseconds to wait before the next attempt, or undefined when the message is to be abandoned. The delay
 * has full jitter and is never shorter than the receiver asks for, up to an hour.
 */
export function retryDelay(
  { retryAfter = 0 }: Pick<Failure, 'retryAfter'>,
  { attempts, refusals, age }: Attempts,
  clock: Pick<Clock, 'random'>,
): number | undefined {
  if (refusals >= MAX_REFUSALS) return undefined;
  const jittered = clock.random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** Math.min(attempts - 1, 20));
  const delay = Math.max(jittered, Math.min(retryAfter, MAX_RETRY_AFTER_MS));
  return age + delay > MAX_AGE_MS ? undefined : delay;
}
