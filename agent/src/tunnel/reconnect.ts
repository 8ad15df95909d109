import { type Clock, ProblemError, pause, systemClock, TunnelError } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** What the loop needs of a session. */
export type Connected = {
  /** Settles when a successor is wanted while this one still lives. */
  readonly retired: Promise<unknown>;
  readonly ended: Promise<Error>;
};

export type ReconnectOptions = {
  /** Makes one session, and comes back when it is ready. */
  readonly connectOnce: (signal: AbortSignal) => Promise<Connected>;
  /** Milliseconds: the first upper bound of the wait, doubled by each failure up to `max`. */
  readonly backoff: { readonly base: number; readonly max: number };
  /** Told of each failure with the milliseconds until the next try. */
  readonly onFailed: (error: unknown, wait: number) => void;
  readonly onEnded: (error: Error, lived: number) => void;
  readonly clock?: Clock;
};

/** A session that lived this long, in milliseconds, was a success: the back-off starts again. */
export const LIVED = 10_000;

/**
 * Keeps one session connected until `signal` aborts. Waits with full jitter, so that a fleet that lost its gateway
 * does not come back in step; the back-off is forgotten only after a session has lived.
 */
export async function keepConnected(options: ReconnectOptions, signal: AbortSignal): Promise<void> {
  const clock = options.clock ?? systemClock;
  const stopped = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stopped.resolve(), { once: true });
  let failures = 0;
  while (!signal.aborted) {
    let session: Connected;
    try {
      session = await options.connectOnce(signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const wait = waitAfter(error, failures, options.backoff, clock);
      options.onFailed(error, wait);
      await pause(clock, wait, signal);
      continue;
    }
    const started = clock.now();
    const outcome = await Promise.race([
      session.ended.then((error) => ({ error })),
      session.retired.then(() => ({ error: undefined })),
      stopped.promise.then(() => ({ error: undefined })),
    ]);
    const lived = clock.now() - started;
    if (lived >= LIVED) failures = 0;
    if (outcome.error === undefined) continue;
    options.onEnded(outcome.error, lived);
    // The first try after a loss waits for the jitter as well: the whole fleet has lost the same gateway.
    if (lived < LIVED) failures += 1;
    await pause(clock, clock.random() * options.backoff.base * 2 ** Math.min(failures, 5), signal);
  }
}

function waitAfter(
  error: unknown,
  failures: number,
  { base, max }: { base: number; max: number },
  clock: Clock,
): number {
  const permanent =
    (error instanceof GatewayError && error.permanent) ||
    (error instanceof ProblemError && error.status < 500 && error.status !== 429) ||
    (error instanceof TunnelError && error.retry === 'never');
  // Only a person can help: try slowly, but try, since they will not restart every agent afterwards.
  const bound = permanent ? max : Math.min(max, base * 2 ** Math.min(failures - 1, 20));
  const wait = (permanent ? 0.5 + clock.random() / 2 : clock.random()) * bound;
  const asked = error instanceof ProblemError ? (error.retryAfter ?? 0) * 1000 : 0;
  return asked === 0 ? wait : asked + clock.random() * base;
}
