import { type Clock, pause, systemClock } from '@penstock/runtime';
import { type Backoff, backoffDelay, retryDelay } from './backoff.ts';

/** The part of a session that the loop uses. */
export type Connected = {
  /** Resolves when a successor is requested while this session is still in use. */
  readonly successorRequested: Promise<unknown>;
  readonly ended: Promise<Error>;
};

export type ReconnectOptions = {
  /** Makes one session. Resolves when it is ready. */
  readonly connectOnce: (signal: AbortSignal) => Promise<Connected>;
  readonly backoff: () => Backoff;
  /** Returns a signal that aborts at the next event that makes waiting pointless. */
  readonly retryNow: () => AbortSignal;
  /** Called for each failure with the milliseconds until the next attempt. */
  readonly onFailed: (error: unknown, delayMs: number) => void;
  /** Called when a session was lost, with the milliseconds that it lasted. */
  readonly onEnded: (error: Error, durationMs: number) => void;
  readonly clock?: Clock;
};

/** A session that lasted this long was a success and resets the backoff. */
export const STABLE_SESSION_MS = 10_000;

/**
 * Keeps one session connected until `signal` aborts, and then leaves the current session as it is. The backoff is reset only
 * after a session that was stable.
 */
export async function keepConnected(options: ReconnectOptions, signal: AbortSignal): Promise<void> {
  const { connectOnce, backoff, retryNow, onFailed, onEnded, clock = systemClock } = options;
  const wait = (milliseconds: number, until = retryNow()) =>
    pause(clock, milliseconds, AbortSignal.any([signal, until]));
  let failures = 0;
  let lostAt = clock.now();
  while (!signal.aborted) {
    let session: Connected;
    try {
      session = await connectOnce(signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const delayMs = retryDelay(error, failures, clock.now() - lostAt, backoff(), clock);
      onFailed(error, delayMs);
      await wait(delayMs);
      continue;
    }
    const started = clock.now();
    const retrySinceStart = retryNow();
    const loss = await lossOf(session, signal);
    lostAt = clock.now();
    const durationMs = lostAt - started;
    const wasStable = durationMs >= STABLE_SESSION_MS;
    failures = wasStable ? 0 : failures + 1;
    if (loss !== undefined) onEnded(loss, durationMs);
    const delayMs = backoffDelay(failures + 1, 0, backoff(), clock);
    // After a loss, the whole fleet may have lost the same gateway. A successor is made without delay, unless the gateway
    // requests one session after another.
    if (loss !== undefined) await wait(delayMs);
    else if (!wasStable) await wait(delayMs, retrySinceStart);
  }
}

/**
 * Why a session was lost, or undefined when a successor was requested or none is needed. Leaves no listener on `signal`,
 * which outlives many sessions.
 */
async function lossOf(
  { ended, successorRequested }: Connected,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const stop = () => stopped.resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([ended, successorRequested.then(() => undefined), stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
