import { AttemptLimit, AttemptLimitError, type Clock, pause, sourceAddressKey } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';

/** Failures that one address may make in a minute before it is turned away at once. */
const MAX_ATTEMPTS = 30;
const WINDOW_MS = 60_000;
/** Milliseconds that a failure waits for its answer: the same for every reason, so that the time tells none. */
const DELAY = 400;

/** Slows down clients whose credentials do not let them in. Who has a usable grant never meets this. */
export class GrantFailures {
  readonly #clock: Clock;
  readonly #limit: AttemptLimit;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#limit = new AttemptLimit({ maxAttempts: MAX_ATTEMPTS, windowMs: WINDOW_MS, clock: clock.now });
  }

  /**
   * Counts a failure and waits. Throws TunnelError LIMIT_EXCEEDED at once when its address has failed too often, and
   * the signal's reason when that is aborted.
   */
  async failed(address: string, signal: AbortSignal): Promise<void> {
    try {
      this.#limit.take(sourceAddressKey(address));
    } catch (error) {
      if (!(error instanceof AttemptLimitError)) throw error;
      throw new TunnelError('LIMIT_EXCEEDED', `${address} has failed ${MAX_ATTEMPTS} times within a minute.`);
    }
    await pause(this.#clock, DELAY, signal);
    signal.throwIfAborted();
  }
}
