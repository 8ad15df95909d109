import type { Clock } from '@penstock/runtime';
import { ProblemError, problemCodes } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';
import { SessionRefused } from './session-refused.ts';

/** Milliseconds: the first upper bound of a wait, doubled by each failure up to `max`. */
export type Backoff = { readonly base: number; readonly max: number };

/** Milliseconds without a session in which a gateway may well be restarting: waits stay short. */
const RESTART_WINDOW = 30_000;
/** Longest wait in that time, in milliseconds: an agent is back within 5 s of its gateway. */
const RESTART_WAIT = 4_000;

/**
 * Milliseconds to wait after the given number of failures in a row, with full jitter, so that a fleet that lost its
 * gateway does not come back in step. `down` is how long there has been no session.
 */
export function backoffWait(failures: number, down: number, { base, max }: Backoff, clock: Clock): number {
  const longest = down < RESTART_WINDOW ? Math.min(max, RESTART_WAIT) : max;
  return clock.random() * Math.min(longest, base * 2 ** Math.min(Math.max(0, failures - 1), 20));
}

/** The wait after a failure of which the cause is known; Retry-After is honored (RFC 9110 section 10.2.3). */
export function waitAfter(
  error: unknown,
  failures: number,
  down: number,
  backoff: Backoff,
  clock: Clock,
): number {
  if (error instanceof ProblemError && error.retryAfter !== undefined) {
    return error.retryAfter * 1000 + clock.random() * backoff.base;
  }
  // Only a person can help: try slowly, but try, since they will not restart every agent afterwards.
  if (needsPerson(error)) return (0.5 + clock.random() / 2) * backoff.max;
  return backoffWait(failures, down, backoff, clock);
}

function needsPerson(error: unknown): boolean {
  if (error instanceof GatewayError) return error.isPermanent;
  if (error instanceof ProblemError) return problemCodes[error.code].permanent;
  return error instanceof SessionRefused && !error.retryable;
}
