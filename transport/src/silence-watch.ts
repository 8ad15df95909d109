import { everyTick, hasStalled, TICK_MS } from './shared-ticks.ts';

/** A session whose peer owes acknowledgments. */
export type SilencePort = {
  /** Bytes received so far. Any byte proves that the peer is alive. */
  bytesReceived(): number;
  /** Milliseconds; undefined until it was measured. */
  roundTrip(): number | undefined;
  /** The peer owes something and has not sent a byte for a while. Called once until it sends one. */
  onSilent(): void;
};

/** What the watch asks of the connections of its session. */
export type WatchedLinks = {
  /** Whether the peer has not acknowledged everything. Called a few times a second. */
  isOwed(): boolean;
  /** Messages sent to the peer so far. */
  messagesSent(): number;
  /** Sends a message that says nothing but that this end is alive. */
  sendKeepalive(): void;
};

const MIN_SILENCE_MS = TICK_MS;
const SILENCE_ROUND_TRIPS = 2;
/** An acknowledgment is sent up to 150 ms after the data has arrived. Twice that, for a busy peer, and a round trip may pass. */
const GATHERED_MS = 300;
/** Milliseconds by which a timer may be early or late. */
const JITTER_MS = 50;
/**
 * Ticks without a message after which a keepalive is sent: sooner than a ping of a suspected session must be answered, and so
 * rarely that new clients still find the session silent and prefer another one.
 */
const KEEPALIVE_TICKS = 4;
/** Bytes in one tick that are data rather than a keepalive, which must not be answered by another one. */
const MIN_HEARD_BYTES = 1024;

/**
 * Notices that data is sent into a session that is dead without a sign of it, long before the next ping would. While
 * nobody sends it only looks: a connection on which nothing happens can wait for the ping.
 *
 * The other way round, it sends keepalives while data arrives that cannot be acknowledged, because a target has stalled. On a
 * slow link a ping of the peer would wait behind that data for longer than the peer waits for its answer.
 */
export class SilenceWatch {
  readonly #port: SilencePort;
  readonly #links: WatchedLinks;
  #stopTicks: (() => void) | undefined;
  /** Bytes received, and messages sent, at the last tick. */
  #received = 0;
  #sent = 0;
  /** Ticks in a row at which no message had been sent. */
  #unsentTicks = 0;
  /** Milliseconds for which something was owed at each look and nothing arrived. Undefined: it was not so at the last one. */
  #silence: number | undefined;
  #lookedAt = 0;
  #isReported = false;

  constructor(port: SilencePort, links: WatchedLinks) {
    this.#port = port;
    this.#links = links;
  }

  /** Whether this process did not run for a while, a moment ago. */
  get hasStalled(): boolean {
    return hasStalled();
  }

  /** Does nothing when it runs. */
  start(): void {
    if (this.#stopTicks !== undefined) return;
    this.#received = this.#port.bytesReceived();
    this.#sent = this.#links.messagesSent();
    this.#stopTicks = everyTick((isLate) => this.#check(isLate));
  }

  stop(): void {
    this.#stopTicks?.();
    this.#stopTicks = undefined;
    this.#silence = undefined;
    this.#unsentTicks = 0;
    this.#isReported = false;
  }

  #check(isLate: boolean): void {
    // Another one may have stopped it in this tick.
    if (this.#stopTicks === undefined) return;
    const now = performance.now();
    // Looks are a tick apart, or less if many sessions made the one before late.
    const passed = Math.min(now - this.#lookedAt, TICK_MS);
    this.#lookedAt = now;
    const heard = this.#port.bytesReceived() - this.#received;
    const sent = this.#links.messagesSent();
    this.#received += heard;
    this.#unsentTicks = sent === this.#sent ? this.#unsentTicks + 1 : 0;
    if (heard >= MIN_HEARD_BYTES && this.#unsentTicks >= KEEPALIVE_TICKS) this.#links.sendKeepalive();
    this.#sent = sent;
    if (heard > 0) this.#isReported = false;
    if (heard > 0 || !this.#links.isOwed()) {
      this.#silence = undefined;
      return;
    }
    if (isLate) return;
    // What is owed may have been sent just before the first look.
    this.#silence = this.#silence === undefined ? 0 : this.#silence + passed;
    const roundTrip = this.#port.roundTrip() ?? 0;
    const patience = Math.max(MIN_SILENCE_MS, SILENCE_ROUND_TRIPS * roundTrip, GATHERED_MS + roundTrip);
    if (this.#isReported || this.#silence + JITTER_MS < patience) return;
    this.#isReported = true;
    this.#port.onSilent();
  }
}
