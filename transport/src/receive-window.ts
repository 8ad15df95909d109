const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Receive window of a session as a whole, in bytes. Node credits it on receipt, regardless of reads, so it bounds data
 * in flight rather than buffered data. The default of 64 KiB would limit a session to 3 MB/s at 20 ms.
 */
export const CONNECTION_WINDOW = 64 * MIB;

const MIN_WINDOW = 64 * KIB;
/** Enough for peers in the same data center. */
const NEARBY_WINDOW = MIB;
const MAX_WINDOW = 16 * MIB;
/** Bytes per millisecond that one stream should be able to receive. */
const TARGET_RATE = 400 * 1000;

/** Receive window of a stream, in bytes, before a round trip has been measured. */
export const INITIAL_STREAM_WINDOW = NEARBY_WINDOW;

/**
 * Receive window for each stream of a session, in bytes. It is proportional to the round trip, because a stream moves
 * at most one window per round trip. All `streams` of the process share `budget`: each window may fill up when its
 * reader stalls.
 */
export function streamWindow(roundTrip: number, streams: number, budget: number): number {
  const wanted = Math.min(MAX_WINDOW, Math.max(NEARBY_WINDOW, TARGET_RATE * roundTrip));
  const share = budget / Math.max(1, streams);
  return powerOfTwoBelow(Math.max(MIN_WINDOW, Math.min(wanted, share)));
}

/** Coarse steps keep changes rare: each one is a SETTINGS frame. */
function powerOfTwoBelow(bytes: number): number {
  return 2 ** Math.floor(Math.log2(bytes));
}

/**
 * Sets the window of each stream of a session, in bytes, and calls `acknowledged` when the peer has acknowledged it. It
 * is not called again before that: Node ends a session with too many outstanding SETTINGS.
 */
export type ApplyWindow = (bytes: number, acknowledged: () => void) => void;

type WindowUser = {
  roundTrip: number;
  streams: number;
  readonly apply: ApplyWindow;
  applied: number;
  life: 'settled' | 'waiting' | 'released';
};

/** The share of one session in the budget. */
export type WindowShare = {
  setRoundTrip(milliseconds: number): void;
  streamOpened(): void;
  streamClosed(): void;
  /** Must be called when the session ends. Later calls of the other methods have no effect. */
  release(): void;
};

/** The budget is always divided by at least this many streams. */
const MIN_STREAMS = 4;

/** Divides the memory that receive windows may promise to peers among the sessions of this process. */
export class WindowBudget {
  readonly #budget: number;
  readonly #users = new Set<WindowUser>();
  #streams = 0;
  /** The divisor of the budget: a power of two, at least the number of streams. */
  #divisor = MIN_STREAMS;

  constructor(budget: number) {
    this.#budget = budget;
  }

  /** `apply` is called whenever the window of each stream changes. */
  join(apply: ApplyWindow): WindowShare {
    const user: WindowUser = {
      roundTrip: 0,
      streams: 0,
      apply,
      applied: INITIAL_STREAM_WINDOW,
      life: 'settled',
    };
    this.#users.add(user);
    return {
      setRoundTrip: (milliseconds) => {
        // A slowly rising minimum: a ping queued behind data must not widen the windows that delayed it.
        user.roundTrip = user.roundTrip === 0 ? milliseconds : Math.min(milliseconds, user.roundTrip * 1.25);
        this.#apply(user);
      },
      streamOpened: () => this.#count(user, 1),
      streamClosed: () => this.#count(user, -1),
      release: () => {
        if (user.life === 'released') return;
        user.life = 'released';
        this.#users.delete(user);
        this.#streams -= user.streams;
        this.#divide();
      },
    };
  }

  #count(user: WindowUser, change: 1 | -1): void {
    if (user.life === 'released') return;
    user.streams += change;
    this.#streams += change;
    this.#divide();
  }

  /** Changes the divisor when streams exceed it or use less than a quarter of it, not at every open and close. */
  #divide(): void {
    let divisor = this.#divisor;
    while (this.#streams > divisor) divisor *= 2;
    while (divisor > MIN_STREAMS && this.#streams * 4 < divisor) divisor /= 2;
    if (divisor === this.#divisor) return;
    this.#divisor = divisor;
    for (const each of this.#users) this.#apply(each);
  }

  #apply(user: WindowUser): void {
    if (user.life !== 'settled') return;
    const bytes = streamWindow(user.roundTrip, this.#divisor, this.#budget);
    if (bytes === user.applied) return;
    user.applied = bytes;
    user.life = 'waiting';
    user.apply(bytes, () => {
      if (user.life !== 'waiting') return;
      user.life = 'settled';
      this.#apply(user);
    });
  }
}
