import { type Clock, pause, systemClock } from '@penstock/runtime';
import { type Backoff, backoffWait, waitAfter } from './backoff.ts';

/** What the loop needs of a session. */
export type Connected = {
  /** Settles when a successor is wanted while this one still lives. */
  readonly outgoing: Promise<unknown>;
  readonly ended: Promise<Error>;
};

export type ReconnectOptions = {
  /** Makes one session, and comes back when it is ready. */
  readonly connectOnce: (signal: AbortSignal) => Promise<Connected>;
  readonly backoff: () => Backoff;
  /** Aborts at the next news that makes waiting pointless; another signal is given from then on. */
  readonly news: () => AbortSignal;
  /** Told of each failure with the milliseconds until the next try. */
  readonly onFailed: (error: unknown, wait: number) => void;
  readonly onEnded: (error: Error, lived: number) => void;
  readonly clock?: Clock;
};

/** A session that lived this long, in milliseconds, was a success: the back-off starts again. */
export const LIVED = 10_000;

/**
 * Keeps one session connected until `signal` aborts; the session that is there then lives on. The back-off is
 * forgotten only after a session has lived.
 */
export async function keepConnected(options: ReconnectOptions, signal: AbortSignal): Promise<void> {
  const { connectOnce, backoff, news, onFailed, onEnded, clock = systemClock } = options;
  const wait = (milliseconds: number, until = news()) =>
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
      const milliseconds = waitAfter(error, failures, clock.now() - lostAt, backoff(), clock);
      onFailed(error, milliseconds);
      await wait(milliseconds);
      continue;
    }
    const started = clock.now();
    const newsSince = news();
    const loss = await lossOf(session, signal);
    lostAt = clock.now();
    const lived = lostAt - started;
    const isProven = lived >= LIVED;
    failures = isProven ? 0 : failures + 1;
    if (loss !== undefined) onEnded(loss, lived);
    const milliseconds = backoffWait(failures + 1, 0, backoff(), clock);
    // After a loss the whole fleet may have lost the same gateway. A successor is made at once, unless it is the
    // gateway that wants one session after the other.
    if (loss !== undefined) await wait(milliseconds);
    else if (!isProven) await wait(milliseconds, newsSince);
  }
}

/**
 * Why a session ended; undefined when a successor is wanted, or none any more. Nothing of it stays with `signal`,
 * which lives through many sessions.
 */
async function lossOf({ ended, outgoing }: Connected, signal: AbortSignal): Promise<Error | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const stop = () => stopped.resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([ended, outgoing.then(() => undefined), stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
