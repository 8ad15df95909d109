import type { Clock } from '@penstock/runtime';
import { ProblemError, problemCodes } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';
import { SessionRefused } from './session-refused.ts';

/** Milliseconds. `base` is the first upper bound of a delay, and each failure doubles it up to `max`. */
export type Backoff = { readonly base: number; readonly max: number };

/** For this long without a session, the gateway may just be restarting, so delays stay short. */
const RESTART_WINDOW_MS = 30_000;
/** Maximum delay in that window: an agent is connected again within 5 s of its gateway's start. */
const MAX_RESTART_DELAY_MS = 4_000;

/**
 * Milliseconds to wait after `failures` failures in a row. Full jitter spreads the agents of a fleet that lost its gateway.
 * `downMs` is the time without a session.
 */
export function backoffDelay(failures: number, downMs: number, { base, max }: Backoff, clock: Clock): number {
  const maximum = downMs < RESTART_WINDOW_MS ? Math.min(max, MAX_RESTART_DELAY_MS) : max;
  return clock.random() * Math.min(maximum, base * 2 ** Math.min(Math.max(0, failures - 1), 20));
}

/** The delay after a failure whose cause is known. Honors Retry-After (RFC 9110 section 10.2.3). */
export function retryDelay(
  error: unknown,
  failures: number,
  downMs: number,
  backoff: Backoff,
  clock: Clock,
): number {
  if (error instanceof ProblemError && error.retryAfter !== undefined) {
    return error.retryAfter * 1000 + clock.random() * backoff.base;
  }
  // Only a person can fix it. Keep trying, slowly, because nobody restarts every agent after the fix.
  if (isPermanent(error)) return (0.5 + clock.random() / 2) * backoff.max;
  return backoffDelay(failures, downMs, backoff, clock);
}

/** Whether the same attempt fails until a person changes something. */
export function isPermanent(error: unknown): boolean {
  if (error instanceof GatewayError) return error.isPermanent;
  if (error instanceof ProblemError) return problemCodes[error.code].permanent;
  return error instanceof SessionRefused && !error.isRetryable;
}
