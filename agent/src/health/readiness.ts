import { type Clock, systemClock } from '@penstock/runtime';

/** Heartbeats that may be missed before the agent no longer calls itself ready. */
const MISSED = 2.5;

export type ReadinessReport = { readonly ready: boolean; readonly reasons: readonly string[] };

/** Ready means that the gateway has acknowledged a heartbeat lately: nothing less is proof that it can be reached. */
export class Readiness {
  readonly #clock: Clock;
  #acknowledgedAt: number | undefined;
  #interval = 15_000;
  #draining: 'no' | 'yes' = 'no';

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** `interval` is the heartbeat interval of the session, in milliseconds. */
  acknowledged(interval: number): void {
    this.#acknowledgedAt = this.#clock.now();
    this.#interval = interval;
  }

  drain(): void {
    this.#draining = 'yes';
  }

  report(): ReadinessReport {
    const reasons: string[] = [];
    if (this.#draining === 'yes') reasons.push('The agent drains.');
    if (this.#acknowledgedAt === undefined) {
      reasons.push('The gateway has not acknowledged a heartbeat yet.');
    } else {
      const ago = this.#clock.now() - this.#acknowledgedAt;
      if (ago > MISSED * this.#interval) {
        reasons.push(`The gateway last acknowledged a heartbeat ${Math.round(ago / 1000)} s ago.`);
      }
    }
    return { ready: reasons.length === 0, reasons };
  }
}
