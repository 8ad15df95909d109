import type { Clock } from '@penstock/runtime';

export type SessionGrowthOptions = {
  /** Sessions that the agent has in any case, and at most. */
  readonly least: () => number;
  readonly most: () => number;
  /** Bytes that all sessions together have moved. */
  readonly bytesMoved: () => number;
  /** The number of sessions that the agent should have has changed. */
  readonly onChanged: (sessions: number, before: number) => void;
  readonly clock: Pick<Clock, 'now' | 'after'>;
};

/** What is moved is measured over at least this many milliseconds, and at most. */
const MEASURE_MS = 1_000;
const MAX_MEASURE_MS = 15_000;
/** Time for new sessions to connect, to take over connections, and to reach their rate. */
const SETTLE_MS = 3_000;
/** Time in which they must have moved more. */
const TRIAL_MS = 10_000;
/** What they must move, of what was moved without them. */
const MIN_GAIN = 1.1;
/** Milliseconds without growth after it was of no use, because the link itself is full, or after the gateway has refused it. */
const PAUSE_MS = 10 * 60_000;
/** Interval at which further sessions are judged, and time without need after which they end. */
const LOOK_MS = 10_000;
const QUIET_MS = 5 * 60_000;
/** Of what was moved before the first growth: with less, the sessions are not needed. */
const NEEDED = 0.5;

/**
 * How many sessions an agent needs. One TCP connection moves at most its send buffer in a round trip, so on a long link many clients need
 * many sessions. Their number doubles while sessions are congested and more of them move more, and goes back after a quiet time.
 */
export class SessionGrowth {
  readonly #options: SessionGrowthOptions;
  #extra = 0;
  /** The last measurement, and the highest rate since the last growth, in bytes per millisecond. */
  #measured = { at: Number.NEGATIVE_INFINITY, bytes: 0 };
  #rate = 0;
  /** The rate before the last growth and before the first one. */
  #before = 0;
  #first = 0;
  #grownAt = Number.NEGATIVE_INFINITY;
  #neededAt = Number.NEGATIVE_INFINITY;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #stopLooking: (() => void) | undefined;

  constructor(options: SessionGrowthOptions) {
    this.#options = options;
  }

  /** Sessions that the agent should have. */
  get sessions(): number {
    const least = this.#options.least();
    return Math.max(least, Math.min(least + this.#extra, this.#options.most()));
  }

  /** Connections of a session wait for each other. To be called about once a second while they do. */
  congested(): void {
    const { clock, most } = this.#options;
    const now = clock.now();
    this.#neededAt = now;
    this.#measure(now);
    const since = now - this.#grownAt;
    if (this.#rate === 0 || now < this.#pausedUntil || since < SETTLE_MS) return;
    if (this.#extra > 0 && this.#rate < this.#before * MIN_GAIN) {
      if (since >= TRIAL_MS) this.#pausedUntil = now + PAUSE_MS;
      return;
    }
    const { sessions } = this;
    if (sessions >= most()) return;
    if (this.#extra === 0) this.#first = this.#rate;
    this.#before = this.#rate;
    this.#rate = 0;
    this.#grownAt = now;
    this.#set(Math.min(2 * sessions, most()));
    this.#stopLooking ??= clock.after(LOOK_MS, () => this.#look());
  }

  /** The gateway allows no more than so many sessions. */
  refused(sessions: number): void {
    this.#pausedUntil = this.#options.clock.now() + PAUSE_MS;
    this.#set(Math.min(sessions, this.sessions));
  }

  stop(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
    this.#extra = 0;
  }

  #look(): void {
    const { clock, least } = this.#options;
    const now = clock.now();
    if (this.#measure(now) >= NEEDED * this.#first) this.#neededAt = now;
    this.#stopLooking = undefined;
    if (now - this.#neededAt >= QUIET_MS) this.#set(least());
    if (this.#extra > 0) this.#stopLooking = clock.after(LOOK_MS, () => this.#look());
  }

  /** Returns the rate since the last measurement, if that was long enough ago; otherwise the highest one. */
  #measure(now: number): number {
    const { at, bytes: before } = this.#measured;
    const passed = now - at;
    if (passed < MEASURE_MS) return this.#rate;
    const bytes = this.#options.bytesMoved();
    this.#measured = { at: now, bytes };
    const rate = passed > MAX_MEASURE_MS ? 0 : (bytes - before) / passed;
    this.#rate = Math.max(this.#rate, rate);
    return rate;
  }

  #set(sessions: number): void {
    const before = this.sessions;
    this.#extra = sessions - this.#options.least();
    if (this.sessions !== before) this.#options.onChanged(this.sessions, before);
  }
}
