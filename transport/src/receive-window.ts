const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Receive window of a session as a whole. Node credits it on receipt, whoever reads or not, so it bounds what is
 * in flight and not what is kept; its default of 64 KiB would hold every session to 2 MB/s at 20 ms.
 */
export const CONNECTION_WINDOW = 64 * MIB;

const SMALLEST = 64 * KIB;
const NEARBY = MIB;
const LARGEST = 16 * MIB;
/** Bytes a millisecond one stream should be able to receive. */
const RATE = 400 * 1000;

/** Receive window of a stream, in bytes, before a round trip has been measured. */
export const INITIAL_STREAM_WINDOW = NEARBY;

/**
 * Receive window for each stream of a session, in bytes. It follows the round trip, since a stream moves at most
 * one window a round trip; `budget` is shared by all `streams` of the process, each of which may stand full
 * because nobody reads it.
 */
export function streamWindow(roundTrip: number, streams: number, budget: number): number {
  const wanted = Math.min(LARGEST, Math.max(NEARBY, RATE * roundTrip));
  const share = budget / Math.max(1, streams);
  return powerOfTwoBelow(Math.max(SMALLEST, Math.min(wanted, share)));
}

/** Steps, so that a window changes seldom: every change is a SETTINGS frame. */
function powerOfTwoBelow(bytes: number): number {
  return 2 ** Math.floor(Math.log2(bytes));
}

/**
 * Gives each stream of a session a window of so many bytes, and calls `acknowledged` when the peer has taken it
 * in. Until then it is not called again: Node ends a session whose SETTINGS wait for too many answers.
 */
export type ApplyWindow = (bytes: number, acknowledged: () => void) => void;

type WindowUser = {
  roundTrip: number;
  streams: number;
  readonly apply: ApplyWindow;
  applied: number;
  life: 'settled' | 'waiting' | 'released';
};

/** One session's part in the budget. */
export type WindowShare = {
  setRoundTrip(milliseconds: number): void;
  streamOpened(): void;
  streamClosed(): void;
  /** Must be called when the session ends; what its streams say afterwards does not count. */
  release(): void;
};

/** The budget is always divided for at least this many streams. */
const FEWEST_STREAMS = 4;

/** Divides the memory that receive windows may promise among the sessions of this process. */
export class WindowBudget {
  readonly #budget: number;
  readonly #users = new Set<WindowUser>();
  #streams = 0;
  /** Streams the budget is divided for: never fewer than there are, and a power of two. */
  #places = FEWEST_STREAMS;

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
        // The least of late: a ping that queued behind data must not widen the windows that made it queue.
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

  /** Divides anew when the streams have no places left, or need a quarter of them: not at every open and close. */
  #divide(): void {
    let places = this.#places;
    while (this.#streams > places) places *= 2;
    while (places > FEWEST_STREAMS && this.#streams * 4 < places) places /= 2;
    if (places === this.#places) return;
    this.#places = places;
    for (const each of this.#users) this.#apply(each);
  }

  #apply(user: WindowUser): void {
    if (user.life !== 'settled') return;
    const bytes = streamWindow(user.roundTrip, this.#places, this.#budget);
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
