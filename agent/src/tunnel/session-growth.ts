import type { Clock } from '@penstock/runtime';

export type SessionGrowthOptions = {
  /** Sessions that the agent has in any case, and at most. */
  readonly least: () => number;
  readonly most: () => number;
  /** Bytes that all sessions together have moved. */
  readonly bytesMoved: () => number;
  /** Whether sessions that are not needed anymore still have connections. */
  readonly isRetiring: () => boolean;
  /** The number of sessions that the agent should have has changed. */
  readonly onChanged: (sessions: number, before: number) => void;
  readonly clock: Pick<Clock, 'now' | 'after'>;
};

/** Milliseconds over which what is moved is measured, with few sessions and with more. */
const MEASURE_MS = 2_000;
/** Time for new sessions to connect, to take over connections, and to reach their rate. */
const SETTLE_MS = 4_000;
/** What more sessions must move, of what was moved without them. Twice as many move up to twice as much. */
const MIN_GAIN = 1.2;
/** Milliseconds without growth after it was of no use, because the link itself is full, or after the gateway has refused it. */
const PAUSE_MS = 10 * 60_000;
/** Milliseconds after which sessions are congested anew. */
const RELIEVED_MS = 5_000;
/** Interval at which additional sessions are judged, and time without need after which they end. */
const LOOK_MS = 10_000;
const QUIET_MS = 5 * 60_000;
/** Of what was moved before the first growth: with less, the additional sessions are not needed. */
const NEEDED = 0.5;

type Mark = { readonly at: number; readonly bytes: number };

/** What to do about congested sessions next. Rates are bytes in a millisecond. */
type Phase =
  | { readonly name: 'relieved' }
  | { readonly name: 'measuring'; readonly since: Mark; readonly earlier: Earlier | undefined }
  | { readonly name: 'settling'; readonly until: number; readonly earlier: Earlier }
  | { readonly name: 'pausing'; readonly until: number };

/** The sessions before the last growth, and what they moved. */
type Earlier = { readonly sessions: number; readonly rate: number };

/**
 * How many sessions an agent needs. One TCP connection moves at most its send buffer in a round trip, so on a long link many clients need
 * many sessions. Their number doubles while sessions are congested and more of them move more, and goes back after a quiet time
 * (docs/decisions/0028).
 */
export class SessionGrowth {
  readonly #options: SessionGrowthOptions;
  #extra = 0;
  #phase: Phase = { name: 'relieved' };
  #congestedAt = Number.NEGATIVE_INFINITY;
  /** The rate before the first growth, and when the additional sessions were last needed. */
  #first = 0;
  #neededAt = Number.NEGATIVE_INFINITY;
  #looked: Mark | undefined;
  #stopLooking: (() => void) | undefined;
  #isStopped = false;

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
    if (this.#isStopped) return;
    const mark = this.#mark();
    if (mark.at - this.#congestedAt > RELIEVED_MS && this.#phase.name !== 'pausing')
      this.#phase = { name: 'relieved' };
    this.#congestedAt = mark.at;
    this.#neededAt = mark.at;
    const phase = this.#phase;
    switch (phase.name) {
      case 'relieved':
        this.#phase = { name: 'measuring', since: mark, earlier: undefined };
        break;
      case 'pausing':
        if (mark.at >= phase.until) this.#phase = { name: 'measuring', since: mark, earlier: undefined };
        break;
      case 'settling':
        if (mark.at >= phase.until) this.#phase = { name: 'measuring', since: mark, earlier: phase.earlier };
        break;
      case 'measuring':
        if (mark.at - phase.since.at >= MEASURE_MS)
          this.#judge(rateOf(phase.since, mark), phase.earlier, mark.at);
    }
  }

  /** The gateway allows no more than so many sessions, or no more could be connected. */
  refused(sessions: number): void {
    this.#phase = { name: 'pausing', until: this.#options.clock.now() + PAUSE_MS };
    this.#set(Math.min(sessions, this.sessions));
  }

  /** The configuration has changed. Sessions that it no longer allows do not come back with a later change. */
  configured(): void {
    this.#extra = this.sessions - this.#options.least();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopLooking?.();
    this.#extra = 0;
  }

  #judge(rate: number, earlier: Earlier | undefined, now: number): void {
    const { sessions } = this;
    const most = this.#options.most();
    if (earlier !== undefined && rate < earlier.rate * MIN_GAIN) {
      this.#phase = { name: 'pausing', until: now + PAUSE_MS };
      this.#set(Math.min(earlier.sessions, sessions));
    } else if (sessions < most) {
      if (this.#extra === 0) this.#first = rate;
      this.#phase = { name: 'settling', until: now + SETTLE_MS, earlier: { sessions, rate } };
      this.#set(Math.min(2 * sessions, most));
      this.#stopLooking ??= this.#lookLater();
    } else {
      this.#phase = { name: 'relieved' };
    }
  }

  #lookLater(): () => void {
    this.#looked = this.#mark();
    return this.#options.clock.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const { least, isRetiring } = this.#options;
    const mark = this.#mark();
    this.#stopLooking = undefined;
    if (rateOf(this.#looked ?? mark, mark) >= NEEDED * this.#first) this.#neededAt = mark.at;
    // One half after the other, and none before connections that cannot move have left the last one.
    if (mark.at - this.#neededAt >= QUIET_MS && !isRetiring())
      this.#set(Math.max(least(), Math.floor(this.sessions / 2)));
    if (this.#extra > 0) this.#stopLooking = this.#lookLater();
  }

  #mark(): Mark {
    return { at: this.#options.clock.now(), bytes: this.#options.bytesMoved() };
  }

  #set(sessions: number): void {
    const before = this.sessions;
    this.#extra = Math.max(0, sessions - this.#options.least());
    if (this.sessions !== before) this.#options.onChanged(this.sessions, before);
  }
}

const rateOf = (from: Mark, to: Mark) => (to.at > from.at ? (to.bytes - from.bytes) / (to.at - from.at) : 0);
