import type { Clock } from '@penstock/runtime';
import type { PostOutcome } from './post-webhook.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Milliseconds: the first upper bound of a wait, doubled by each failure up to the longest. */
const BASE = 1_000;
const LONGEST = 5 * MINUTE;
/** What Retry-After can ask for at most. */
const LONGEST_ASKED = HOUR;
/** A message is older than this when it is given up. */
export const MAX_AGE = 24 * HOUR;
/** A receiver that says no is asked this often: its owner may be about to mend it. */
export const MAX_REFUSALS = 8;

type Failure = Extract<PostOutcome, { name: 'failed' | 'refused' }>;

/**
 * Milliseconds until a message is tried again, with full jitter, never sooner than the receiver asks; undefined when it
 * is given up. `age` is that of its oldest news, in milliseconds; `refusals` are those of this message, this one too.
 */
export function retryWait(
  { retryAfter = 0 }: Pick<Failure, 'retryAfter'>,
  { attempts, refusals, age }: { readonly attempts: number; readonly refusals: number; readonly age: number },
  clock: Pick<Clock, 'random'>,
): number | undefined {
  if (refusals >= MAX_REFUSALS) return undefined;
  const jittered = clock.random() * Math.min(LONGEST, BASE * 2 ** Math.min(attempts - 1, 20));
  const wait = Math.max(jittered, Math.min(retryAfter, LONGEST_ASKED));
  return age + wait > MAX_AGE ? undefined : wait;
}
