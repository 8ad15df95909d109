import type { Clock } from '@penstock/runtime';

export type EnrollmentBackoff = {
  /** Milliseconds. */
  readonly backoff: () => { readonly base: number; readonly max: number };
  /** Whether only a person can make the same request succeed. */
  readonly isPermanent: (error: unknown) => boolean;
};

/** A gateway that refuses the token or the name is asked this often at last, and at once when the configuration changes. */
const MAX_REFUSED_DELAY_MS = 10 * 60_000;

/**
 * Milliseconds until the next attempt to enroll, after `failures` others. What passes by itself is tried again soon. What a person
 * has to change is tried less and less often: every attempt counts toward the limit of its address, which other agents may share.
 */
export function enrollmentDelay(
  error: unknown,
  failures: number,
  { backoff, isPermanent, clock }: EnrollmentBackoff & { readonly clock: Pick<Clock, 'random'> },
): number {
  const { base, max } = backoff();
  const doubled = 2 ** Math.min(failures, 20);
  const bound = isPermanent(error)
    ? Math.max(max, Math.min(MAX_REFUSED_DELAY_MS, max * doubled))
    : Math.min(max, base * doubled);
  return bound * (0.5 + clock.random() / 2);
}
