import type { Clock } from '@penstock/runtime';

export type SessionGrowthOptions = {
  /** Sessions that the agent has in any case, and at most. */
  readonly least: () => number;
  readonly most: () => number;
  /** Bytes that all sessions together have moved. */
  readonly bytesMoved: () => number;
  /** Whether sessions that are not needed anymore still have connections. */
  readonly isRetiring: () => boolean;
  /** The number of sessions that the agent should have has changed from `before`. */
  readonly onChanged: (sessions: number, before: number, reason: string) => void;
  readonly clock: Pick<Clock, 'now' | 'after'>;
};

/** Milliseconds over which what is moved is measured, with few sessions and with more. */
const MEASURE_MS = 2_000;
/** Time for new sessions to connect, to take over connections, and to reach their rate. */
const SETTLE_MS = 4_000;
/** What more sessions must move, of what was moved without them. Twice as many move up to twice as much. */
const MIN_GAIN = 1.2;
/** Less than this of what was moved without them means that the load has ended. */
const ENDED = 0.7;
/**
 * Milliseconds without growth after it was of no use: at first, and at most, which is also the pause when it could not be had. A link that
 * is full stays so, and each failure in a row makes the pause longer. But how soon a connection that loses packets becomes fast depends on
 * chance, so one failure proves little.
 */
const FIRST_PAUSE_MS = 20_000;
const MAX_PAUSE_MS = 10 * 60_000;
const LONGER = 3;
/** Milliseconds after which what was measured says nothing about sessions that are congested again. */
const REMEMBERED_MS = 5_000;
/** Interval at which additional sessions are looked at, and time without need after which they end. */
const LOOK_MS = 10_000;
const QUIET_MS = 5 * 60_000;
/** Of what was moved before the first growth: with less, the additional sessions are not needed. */
const NEEDED = 0.5;

type Mark = { readonly at: number; readonly bytes: number };

/** What is known of congested sessions. Rates are bytes in a millisecond. */
type Phase =
  | { readonly name: 'relieved' }
  /** Congested since then. */
  | { readonly name: 'measuring'; readonly since: Mark }
  /** More sessions than before are on trial. */
  | { readonly name: 'trial'; readonly before: number; readonly stop: () => void }
  /** What they moved. */
  | { readonly name: 'proven'; readonly rate: number; readonly at: number };

/**
 * How many sessions an agent needs. One TCP connection moves at most its send buffer in a round trip, so on a long link many clients need
 * many sessions. Their number doubles while sessions are congested and more of them move more, and goes back after a quiet time
 * (docs/decisions/0028).
 */
export class SessionGrowth {
  readonly #options: SessionGrowthOptions;
  /** With additional ones; 0 without. */
  #wanted = 0;
  #phase: Phase = { name: 'relieved' };
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Trials in a row that were of no use. */
  #failures = 0;
  #congestedAt = Number.NEGATIVE_INFINITY;
  /** The rate before the first growth, and when the additional sessions were last needed. */
  #first = 0;
  #neededAt = Number.NEGATIVE_INFINITY;
  #stopLooking: (() => void) | undefined;
  #isStopped = false;

  constructor(options: SessionGrowthOptions) {
    this.#options = options;
  }

  /** Sessions that the agent should have. */
  get sessions(): number {
    const { least, most } = this.#options;
    return Math.max(least(), Math.min(this.#wanted, most()));
  }

  /** Connections of a session wait for each other. To be called about once a second while they do. */
  congested(): void {
    if (this.#isStopped) return;
    const mark = this.#mark();
    const isNew = mark.at - this.#congestedAt > REMEMBERED_MS;
    this.#congestedAt = mark.at;
    this.#neededAt = mark.at;
    const phase = this.#phase;
    // Sessions that retire as long as connections stay on them must not become more and more.
    if (phase.name === 'trial' || mark.at < this.#pausedUntil || this.#options.isRetiring()) return;
    if (phase.name === 'proven' && mark.at - phase.at <= REMEMBERED_MS) this.#grow(phase.rate);
    else if (phase.name !== 'measuring' || isNew) this.#phase = { name: 'measuring', since: mark };
    else if (mark.at - phase.since.at >= MEASURE_MS) this.#grow(rateOf(phase.since, mark));
  }

  /** No more sessions than these can be had. */
  refused(sessions: number, reason: string): void {
    this.#pause(MAX_PAUSE_MS);
    // A trial of no more sessions than before would prove nothing, or by chance something.
    if (this.#phase.name === 'trial' && sessions <= this.#phase.before) this.#endTrial();
    this.#set(Math.min(sessions, this.sessions), reason);
  }

  /** The configuration has changed. Sessions that it does not allow do not come back with a later one. */
  configured(): void {
    this.#keep(this.sessions);
    this.#endTrial();
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
    this.#failures = 0;
  }

  stop(): void {
    this.#isStopped = true;
    this.#endTrial();
    this.#stopLooking?.();
    this.#wanted = 0;
  }

  #grow(rate: number): void {
    const { least, most, clock } = this.#options;
    const { sessions } = this;
    if (sessions >= most()) return;
    if (sessions === least()) this.#first = rate;
    const settled = () => {
      const since = this.#mark();
      const stop = clock.after(MEASURE_MS, () =>
        this.#judge(rateOf(since, this.#mark()), { sessions, rate }),
      );
      this.#phase = { name: 'trial', before: sessions, stop };
    };
    this.#phase = { name: 'trial', before: sessions, stop: clock.after(SETTLE_MS, settled) };
    this.#stopLooking ??= this.#lookLater();
    this.#set(Math.min(2 * sessions, most()), 'clients wait for each other');
  }

  /** Compares what the sessions move with what there was before they became more. */
  #judge(rate: number, before: { readonly sessions: number; readonly rate: number }): void {
    const { now } = this.#options.clock;
    if (rate >= before.rate * MIN_GAIN) {
      this.#phase = { name: 'proven', rate, at: now() };
      this.#failures = 0;
      return;
    }
    this.#phase = { name: 'relieved' };
    const hasEnded = rate < before.rate * ENDED;
    if (!hasEnded) {
      // Failures of long ago were perhaps those of another network.
      if (now() - this.#pausedUntil > MAX_PAUSE_MS) this.#failures = 0;
      this.#pause(Math.min(FIRST_PAUSE_MS * LONGER ** this.#failures, MAX_PAUSE_MS));
      this.#failures += 1;
    }
    this.#set(
      Math.min(before.sessions, this.sessions),
      hasEnded ? 'the load has ended' : 'more sessions move no more',
    );
  }

  /** Does not shorten a longer one. */
  #pause(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.clock.now() + milliseconds);
  }

  #endTrial(): void {
    if (this.#phase.name === 'trial') this.#phase.stop();
    this.#phase = { name: 'relieved' };
  }

  #lookLater(): () => void {
    const looked = this.#mark();
    return this.#options.clock.after(LOOK_MS, () => this.#look(looked));
  }

  #look(before: Mark): void {
    const { least, isRetiring } = this.#options;
    const mark = this.#mark();
    this.#stopLooking = undefined;
    if (rateOf(before, mark) >= NEEDED * this.#first) this.#neededAt = mark.at;
    // One half after the other, and none before connections that cannot move have left the last one.
    if (mark.at - this.#neededAt >= QUIET_MS && !isRetiring())
      this.#set(Math.max(least(), Math.floor(this.sessions / 2)), 'the load has ended');
    if (this.sessions > least()) this.#stopLooking = this.#lookLater();
  }

  #mark(): Mark {
    return { at: this.#options.clock.now(), bytes: this.#options.bytesMoved() };
  }

  #keep(sessions: number): void {
    this.#wanted = sessions > this.#options.least() ? sessions : 0;
  }

  #set(sessions: number, reason: string): void {
    const before = this.sessions;
    this.#keep(sessions);
    if (this.sessions !== before) this.#options.onChanged(this.sessions, before, reason);
  }
}

const rateOf = (from: Mark, to: Mark) => (to.at > from.at ? (to.bytes - from.bytes) / (to.at - from.at) : 0);
