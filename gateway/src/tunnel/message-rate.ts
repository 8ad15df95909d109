import type { Clock } from '@penstock/runtime';

/** Messages at once, and a second from then on: many times what an agent says that reloads and beats fast. */
const BURST = 200;
const PER_SECOND = 50;

/** How often an agent may speak unasked on one session. What it says costs time to read and to judge. */
export class MessageRate {
  readonly #clock: Pick<Clock, 'now'>;
  #left = BURST;
  #filledAt: number;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#filledAt = clock.now();
  }

  /** Counts one message; false when it is one too many. */
  take(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(BURST, this.#left + ((now - this.#filledAt) / 1000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
