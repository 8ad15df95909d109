import type { Clock } from '@penstock/runtime';
import type { AgentCredentials } from './agent-credentials.ts';
import { renewAt } from './renew.ts';
import { renewalRetryDelay } from './renewal-retry-delay.ts';
import { startWallClockTimer } from './wall-clock-timer.ts';

export type RenewalTimerOptions = {
  readonly clock: Clock;
  /** Milliseconds that the gateway's clock is ahead of ours. Certificates are dated by the gateway's clock. */
  readonly clockOffset: () => number;
  readonly onDue: () => void;
};

/** Determines when the next attempt to renew is due. At most one attempt is scheduled at a time. */
export class RenewalTimer {
  readonly #options: RenewalTimerOptions;
  #stop = () => {};
  #failures = 0;

  constructor(options: RenewalTimerOptions) {
    this.#options = options;
  }

  /** Schedules the next attempt: at the time to renew, or after a delay if the last attempts failed. */
  schedule(current: AgentCredentials): void {
    if (this.#failures > 0) {
      this.retry(current);
      return;
    }
    const { clock, onDue } = this.#options;
    const due = renewAt(current, () => clock.random());
    this.#stop();
    this.#stop = startWallClockTimer(clock, () => this.#until(due), onDue);
  }

  /** Schedules another attempt after a failure, at the earliest after `minimumMs`. */
  retry(current: AgentCredentials | undefined, minimumMs = 0): void {
    const { clock, onDue } = this.#options;
    const delay = renewalRetryDelay(this.#until(current?.notAfter ?? 0), this.#failures, clock.random());
    this.#stop();
    this.#stop = clock.after(Math.max(minimumMs, delay), onDue);
  }

  /** Counts a failed attempt, including a renewed certificate that the gateway refused. */
  countFailure(): void {
    this.#failures += 1;
  }

  resetFailures(): void {
    this.#failures = 0;
  }

  stop(): void {
    this.#stop();
  }

  #until(date: number): number {
    const { clock, clockOffset } = this.#options;
    return date - clock.wall() - clockOffset();
  }
}
