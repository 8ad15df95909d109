import { BriefMap } from '@penstock/runtime';
import {
  type Acknowledgment,
  type AcknowledgmentSource,
  Acknowledgments,
  type Urgency,
} from './acknowledgments.ts';
import { type BbrPort, BbrWatch } from './bbr-watch.ts';
import { type CongestionPort, CongestionWatch } from './congestion-watch.ts';
import type { FarLink, LinkListener, SessionLoss } from './far-end.ts';
import { type SilencePort, SilenceWatch } from './silence-watch.ts';
import type { UntoldEnds } from './untold-ends.ts';

/** Interval at which the connections of a retiring session that could not move are asked again. */
const RETIRE_INTERVAL_MS = 1_000;

/** A connection with this much unsent waits for the session, unless as much as this share of its receive window is underway. */
const WAITING_BYTES = 64 * 1024;
const FULL_WINDOW = 0.75;

/** Connections that move at once: each of them sends again what is underway. */
const MAX_MOVES = 8;
/** Milliseconds at least and at most over which it is counted how much each connection moves, and bytes in that time that make it busy. */
const COUNT_MS = 1_000;
const MAX_COUNT_MS = 5_000;
const BUSY_BYTES = 64 * 1024;

/** What is asked for connections that wait in their session. */
export type CongestedPort = BbrPort &
  Pick<CongestionPort, 'onCongested'> & {
    /** Bytes that the peer accepts of each stream before its reader has taken some. */
    streamWindow(): number;
  };

/** The links of one session: whose connections outlive it, and what was acknowledged on it. */
export class SessionLinks {
  readonly #links = new BriefMap<string, StreamLink>();
  readonly #acknowledgments: Acknowledgments;
  readonly #send: (batch: Acknowledgment[]) => void;
  readonly #isBlocked: () => boolean;
  readonly #untold: UntoldEnds | undefined;
  #sent = 0;
  #silence: SilenceWatch | undefined;
  #congestion: CongestionWatch | undefined;
  #retiring: NodeJS.Timeout | undefined;
  #countedAt = Number.NEGATIVE_INFINITY;
  /** Connections that moved much; undefined until they have been counted. */
  #busy: number | undefined;

  /**
   * `send` sends a message to the peer, or drops it once the session has ended. While `isBlocked`, nothing is sent.
   * `untold` is kept by the end that has to tell the peer on another session.
   */
  constructor(send: (batch: Acknowledgment[]) => void, isBlocked: () => boolean, untold?: UntoldEnds) {
    this.#send = (batch) => {
      this.#sent += 1;
      send(batch);
    };
    this.#isBlocked = isBlocked;
    this.#acknowledgments = new Acknowledgments(this.#send, isBlocked);
    this.#untold = untold;
  }

  /**
   * Watches for a peer that acknowledges nothing, and shows it that this end is alive, until `stop`; with `congested`, also for
   * connections that wait. Call it when the session is ready: connections that cannot be resumed need the keepalives most.
   */
  watch(port: SilencePort, congested?: CongestedPort): void {
    this.#silence = new SilenceWatch(port, {
      isOwed: () => this.#links.values().some(({ listener }) => (listener?.owedBytes ?? 0) > 0),
      messagesSent: () => this.#sent,
      sendKeepalive: () => {
        if (!this.#isBlocked()) this.#send([]);
      },
    });
    this.#silence.start();
    if (congested === undefined) return;
    const bbr = new BbrWatch(congested);
    this.#congestion = new CongestionWatch(
      {
        roundTrip: () => port.roundTrip(),
        onWaiting: () => bbr.look(),
        onCongested: () => congested.onCongested(),
      },
      () => this.#waiting(congested.streamWindow()),
    );
    this.#congestion.start();
  }

  /** The link of the connection `id`, for a stream of this session. */
  link(id: string): FarLink {
    return new StreamLink(
      id,
      this.#links,
      this.#acknowledgments,
      this.#untold,
      this.#silence,
      this.#congestion,
    );
  }

  /** Passes on what the peer has acknowledged. A connection that has ended is ignored. */
  acknowledged(batch: readonly Acknowledgment[]): void {
    for (const { id, received, reset } of batch) {
      this.#links.get(id)?.listener?.onAcknowledged(received, reset !== undefined);
    }
  }

  /**
   * The session retires. Its connections are asked to move now, and those that remain again every second: the other sessions
   * may have been full or silent, and a connection may have come here because there was no other.
   */
  retire(): void {
    const ask = () => {
      for (const { listener } of [...this.#links.values()]) listener?.onRetiring();
    };
    this.#retiring ??= setInterval(ask, RETIRE_INTERVAL_MS);
    ask();
  }

  /**
   * How many connections move much, counted from one call to the next, which are about a second apart. Undefined if the last call was too
   * long ago.
   */
  countBusy(): number | undefined {
    const now = performance.now();
    const passed = now - this.#countedAt;
    if (passed < COUNT_MS) return this.#busy;
    this.#countedAt = now;
    let busy = 0;
    for (const link of this.#links.values()) if (link.countMoved() >= BUSY_BYTES) busy += 1;
    this.#busy = passed <= MAX_COUNT_MS || this.#links.size === 0 ? busy : undefined;
    return this.#busy;
  }

  /** Asks so many connections to move to another session: the busiest that were counted and can, eight at most. */
  relieve(count: number): void {
    if (this.#busy === undefined) return;
    const movable = [...this.#links.values()]
      .filter(({ listener, moved }) => listener?.move !== undefined && moved >= BUSY_BYTES)
      .sort((one, other) => other.moved - one.moved);
    // They are counted anew before more of them move.
    this.#busy = undefined;
    for (const { listener } of movable.slice(0, Math.min(count, MAX_MOVES))) listener?.move?.();
  }

  /** The session was lost, but its connections are not. Call `stop` next. */
  lose(loss: SessionLoss): void {
    const known = this.#silence?.hasStalled === true ? 'silent' : loss;
    for (const { listener } of [...this.#links.values()]) listener?.onLost(known);
  }

  /** Sends nothing more. Connections that only wait for an acknowledgment are complete. */
  stop(): void {
    this.#acknowledgments.stop();
    clearInterval(this.#retiring);
    this.#silence?.stop();
    this.#silence = undefined;
    this.#congestion?.stop();
    for (const { listener } of [...this.#links.values()]) listener?.onStopped();
    this.#links.clear();
  }

  /** Connections that have much to send. One whose reader has stalled has as much underway as it may. */
  #waiting(window: number): number {
    let count = 0;
    for (const { listener } of this.#links.values()) {
      if (listener === undefined || listener.unsentBytes < WAITING_BYTES) continue;
      if (listener.owedBytes - listener.unsentBytes < FULL_WINDOW * window) count += 1;
    }
    return count;
  }
}

/** The link of one stream. */
class StreamLink implements FarLink {
  readonly id: string;
  readonly #links: BriefMap<string, StreamLink>;
  readonly #acknowledgments: Acknowledgments;
  readonly #untold: UntoldEnds | undefined;
  readonly #silence: SilenceWatch | undefined;
  readonly #congestion: CongestionWatch | undefined;
  listener: LinkListener | undefined;
  /** Bytes between the last two counts. */
  moved = 0;
  #counted = 0;

  constructor(
    id: string,
    links: BriefMap<string, StreamLink>,
    acknowledgments: Acknowledgments,
    untold: UntoldEnds | undefined,
    silence: SilenceWatch | undefined,
    congestion: CongestionWatch | undefined,
  ) {
    this.id = id;
    this.#links = links;
    this.#acknowledgments = acknowledgments;
    this.#untold = untold;
    this.#silence = silence;
    this.#congestion = congestion;
  }

  get isFar(): boolean {
    return this.#congestion?.isFar === true;
  }

  get closeLoss(): SessionLoss {
    return this.#silence?.hasStalled === true ? 'silent' : 'closed';
  }

  /** Counts what the connection has moved since the last count, or since it came to this session. */
  countMoved(): number {
    const before = this.#counted;
    this.#counted = this.listener?.movedBytes ?? before;
    this.moved = this.#counted - before;
    return this.moved;
  }

  acknowledge(source: AcknowledgmentSource, urgency: Urgency): void {
    this.#acknowledgments.add(source, urgency);
  }

  acknowledgeBytes(source: AcknowledgmentSource, count: number): void {
    this.#acknowledgments.addBytes(source, count);
  }

  open(listener: LinkListener): void {
    this.listener = listener;
    this.#counted = listener.movedBytes;
    this.#links.set(this.id, this);
    this.#untold?.joined(this.id);
  }

  close(): void {
    if (this.#links.get(this.id) === this) this.#untold?.ended(this.id);
    this.leave();
  }

  leave(): void {
    // The connection may have moved to a further stream of this session.
    if (this.#links.get(this.id) === this) this.#links.delete(this.id);
  }
}
