import { type Clock, systemClock } from '@penstock/runtime';

/** Heartbeat intervals without an acknowledgment after which the agent is no longer ready. */
const MAX_MISSED_INTERVALS = 2.5;

export type ReadinessReport = { readonly ready: boolean; readonly reasons: readonly string[] };

/** The agent is ready while the gateway acknowledges its heartbeats, the only proof that it can be reached. */
export class Readiness {
  readonly #clock: Clock;
  #acknowledgedAt: number | undefined;
  #interval = 15_000;
  #state: 'running' | 'draining' = 'running';

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** `interval` is the heartbeat interval of the session, in milliseconds. */
  acknowledged(interval: number): void {
    this.#acknowledgedAt = this.#clock.now();
    this.#interval = interval;
  }

  drain(): void {
    this.#state = 'draining';
  }

  get isDraining(): boolean {
    return this.#state === 'draining';
  }

  report(): ReadinessReport {
    const reasons: string[] = [];
    if (this.#state === 'draining') reasons.push('The agent is draining.');
    if (this.#acknowledgedAt === undefined) {
      reasons.push('The gateway has not acknowledged a heartbeat yet.');
    } else {
      const ago = this.#clock.now() - this.#acknowledgedAt;
      if (ago > MAX_MISSED_INTERVALS * this.#interval) {
        reasons.push(`The gateway last acknowledged a heartbeat ${Math.round(ago / 1000)} s ago.`);
      }
    }
    return { ready: reasons.length === 0, reasons };
  }
}
