import { AttemptLimit, AttemptLimitError, type Clock, pause, sourceAddressKey } from '@penstock/runtime';
import { TunnelError } from '@penstock/wire';

/** Failures from one source address within a window after which further ones are rejected without a delay. */
const MAX_FAILURES = 30;
const WINDOW_MS = 60_000;
/** Delay before every rejection. It is the same for all reasons, so response time does not reveal the reason. */
const DELAY_MS = 400;

/** Slows down clients that guess grants. Clients with a usable grant are never affected. */
export class GrantFailures {
  readonly #clock: Clock;
  readonly #limit: AttemptLimit;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#limit = new AttemptLimit({ maxAttempts: MAX_FAILURES, windowMs: WINDOW_MS, clock: clock.now });
  }

  /**
   * Records a failure of a client and delays its rejection. Throws TunnelError LIMIT_EXCEEDED without a delay if the
   * address has failed too often, and the signal's reason if that is aborted.
   */
  async record(address: string, signal: AbortSignal): Promise<void> {
    try {
      this.#limit.take(sourceAddressKey(address));
    } catch (error) {
      if (!(error instanceof AttemptLimitError)) throw error;
      throw new TunnelError(
        'LIMIT_EXCEEDED',
        `Clients at ${address} failed to present a usable grant ${MAX_FAILURES} times within a minute.`,
      );
    }
    await pause(this.#clock, DELAY_MS, signal);
    signal.throwIfAborted();
  }
}
