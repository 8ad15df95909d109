import { systemClock } from '@penstock/runtime';

/** A session whose peer owes acknowledgments. */
export type SilencePort = {
  /** Bytes received so far. Any byte proves that the peer is alive. */
  bytesReceived(): number;
  /** Milliseconds; undefined until it was measured. */
  roundTrip(): number | undefined;
  /** The peer owes something and has not sent a byte for a while. Called once until it sends one. */
  onSilent(): void;
};

const TICK_MS = 400;
/** Acknowledgments are gathered for a moment, and need a round trip. */
const MIN_SILENCE_MS = TICK_MS;
const SILENCE_ROUND_TRIPS = 2;
/** A timer this late means that this event loop was blocked, so silence proves nothing about the peer. */
const BLOCKED_MS = 200;
/** A timer this late means that the peer may have given the session up because of this end, which was stopped or asleep. */
const STALLED_MS = 1_500;
/** Milliseconds after a stall in which the end of a session is put down to it. */
const RECOVERY_MS = 10_000;

/**
 * Notices that data is sent into a session that is dead without a sign of it, long before the next ping would. While
 * nobody sends it only looks: a connection on which nothing happens can wait for the ping.
 */
export class SilenceWatch {
  readonly #port: SilencePort;
  readonly #isOwed: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  /** Bytes received when the silence began. */
  #received = -1;
  /** Ticks at which something was owed and nothing had arrived. */
  #silentTicks = 0;
  #isReported = false;
  #stalledAt = Number.NEGATIVE_INFINITY;

  /** `isOwed` is called a few times a second, while it has been started. */
  constructor(port: SilencePort, isOwed: () => boolean) {
    this.#port = port;
    this.#isOwed = isOwed;
  }

  /** Whether this process did not run for a while, a moment ago. */
  get hasStalled(): boolean {
    return performance.now() - this.#stalledAt < RECOVERY_MS;
  }

  /** Does nothing when it runs. */
  start(): void {
    if (this.#timer !== undefined) return;
    let due = performance.now() + TICK_MS;
    let ahead = systemClock.wall() - performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const isLate = now - due > BLOCKED_MS;
      // The monotonic clock stands still while the host sleeps.
      const slept = systemClock.wall() - now - ahead;
      if (now - due > STALLED_MS || slept > STALLED_MS) this.#stalledAt = now;
      due = now + TICK_MS;
      ahead = systemClock.wall() - now;
      // After the poll phase: bytes that arrived while this event loop was blocked are still in the kernel.
      this.#immediate = setImmediate(() => this.#check(isLate));
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#received = -1;
    this.#silentTicks = 0;
    this.#isReported = false;
  }

  #check(isLate: boolean): void {
    const received = this.#port.bytesReceived();
    if (received !== this.#received) this.#isReported = false;
    if (received !== this.#received || !this.#isOwed()) {
      this.#received = received;
      this.#silentTicks = 0;
      return;
    }
    if (isLate) return;
    this.#silentTicks += 1;
    // What is owed may have been sent just before the first of them.
    const silence = (this.#silentTicks - 1) * TICK_MS;
    const patience = Math.max(MIN_SILENCE_MS, SILENCE_ROUND_TRIPS * (this.#port.roundTrip() ?? 0));
    if (this.#isReported || silence < patience) return;
    this.#isReported = true;
    this.#port.onSilent();
  }
}
