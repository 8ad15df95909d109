import { everyTick } from './shared-ticks.ts';

export type CongestionPort = {
  /** Milliseconds; undefined until it was measured. */
  roundTrip(): number | undefined;
  /** Data of at least one connection waits. Called again a few times a second while it does. */
  onWaiting(): void;
  /** Data of several connections has waited for a second. Called again about once a second while it does. */
  onCongested(): void;
};

/** A shorter round trip never limits a session: what waits there waits for a processor, and further sessions use more of it. */
const MIN_ROUND_TRIP_MS = 10;
/** Growth of the least round trip with each look, so that a path that becomes longer is known to be after some minutes. */
const RISE = 1.001;
/** Connections whose data waits. A single one would gain nothing by another session. */
const MIN_WAITING = 2;
/** Looks in a row. */
const TICKS = 3;

/**
 * Notices that a session carries less than its connections could. One TCP connection moves at most its send buffer in a round trip, and
 * with loss much less (RFC 5681), where as many as there are clients would move a multiple.
 */
export class CongestionWatch {
  readonly #port: CongestionPort;
  readonly #waiting: () => number;
  #roundTrip = Number.POSITIVE_INFINITY;
  #ticks = 0;
  #stopTicks: (() => void) | undefined;

  /** `waiting` returns the number of connections of the session that have much to send. */
  constructor(port: CongestionPort, waiting: () => number) {
    this.#port = port;
    this.#waiting = waiting;
  }

  start(): void {
    this.#stopTicks ??= everyTick((isLate) => this.#look(isLate));
  }

  stop(): void {
    this.#stopTicks?.();
    this.#stopTicks = undefined;
  }

  /** Whether the round trip is long. */
  get isFar(): boolean {
    const roundTrip = this.#leastRoundTrip(this.#roundTrip);
    return roundTrip >= MIN_ROUND_TRIP_MS && roundTrip < Number.POSITIVE_INFINITY;
  }

  #look(isLate: boolean): void {
    // The least of some minutes, as a ping queues behind the data that waits.
    this.#roundTrip = this.#leastRoundTrip(this.#roundTrip * RISE);
    const waiting = this.isFar && !isLate ? this.#waiting() : 0;
    if (waiting > 0) this.#port.onWaiting();
    this.#ticks = waiting >= MIN_WAITING ? this.#ticks + 1 : 0;
    if (this.#ticks < TICKS) return;
    this.#ticks = 0;
    this.#port.onCongested();
  }

  #leastRoundTrip(known: number): number {
    return Math.min(known, this.#port.roundTrip() ?? Number.POSITIVE_INFINITY);
  }
}
