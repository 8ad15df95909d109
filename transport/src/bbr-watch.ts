import { type BbrEstimate, type TcpOptions, tcpOptions } from './tcp-options.ts';

/** A TCP connection below a session. */
export type BbrPort = {
  /** The file descriptor of its socket; undefined if it has none. */
  fd(): number | undefined;
  /** BBR was restarted. Called with the estimate that had collapsed. */
  onRestarted(collapsed: { readonly bytesPerSecond: number; readonly roundTripMs: number }): void;
};

/** Segments that a new connection sends in its first round trip (RFC 6928). */
const INITIAL_WINDOW = 10;
/** Share of the best estimate of the connection below which one has collapsed. */
const COLLAPSED = 1 / 8;
/** An estimate of this many times what counts as collapsed has recovered. */
const RECOVERED = 2;
/**
 * A connection with a shorter round trip is fast again before anybody notices. It may end at a proxy or a load balancer: the round trip of
 * the session says nothing about it.
 */
const MIN_ROUND_TRIP_MS = 10;
/** Milliseconds without a look after which data waits for another reason than before. */
const EPISODE_MS = 2_000;
/** Milliseconds between two restarts of one connection. */
const MIN_INTERVAL_MS = 10_000;

/**
 * Restarts BBR on a connection whose bandwidth estimate has collapsed: after a trickle of which a packet was lost, such as acknowledgments
 * of a download, BBR takes the trickle for all that the path carries, and would need many seconds to be as fast as a new connection
 * (docs/decisions/0030).
 */
export class BbrWatch {
  readonly #port: BbrPort;
  readonly #options: TcpOptions | undefined;
  /** The highest bandwidth since BBR was restarted. */
  #best = 0;
  /** Whether the path itself may carry no more than was estimated after a restart. */
  #hasRestarted = false;
  #restartedAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** `options` are those of this system unless a test sets others. */
  constructor(port: BbrPort, options = tcpOptions()) {
    this.#port = port;
    this.#options = options;
  }

  /** Call it a few times a second while data waits for the connection. */
  look(): void {
    const fd = this.#options && this.#port.fd();
    const estimate = fd === undefined ? undefined : this.#options?.bbrEstimate(fd);
    if (fd === undefined || estimate === undefined || estimate.roundTrip < MIN_ROUND_TRIP_MS) return;
    const now = performance.now();
    if (now - this.#lookedAt > EPISODE_MS) this.#hasRestarted = false;
    this.#lookedAt = now;
    const initial = (INITIAL_WINDOW * estimate.segmentBytes) / estimate.roundTrip;
    const collapsed = Math.max(initial, this.#best * COLLAPSED);
    const { bandwidth } = estimate;
    if (bandwidth >= collapsed * RECOVERED) this.#hasRestarted = false;
    if (bandwidth < collapsed && !this.#hasRestarted && now - this.#restartedAt >= MIN_INTERVAL_MS)
      this.#restart(fd, estimate, now);
    else this.#best = Math.max(this.#best, bandwidth);
  }

  #restart(fd: number, estimate: BbrEstimate, now: number): void {
    if (this.#options?.restartBbr(fd) !== true) return;
    this.#hasRestarted = true;
    this.#restartedAt = now;
    // The path may have become another one.
    this.#best = 0;
    this.#port.onRestarted({
      bytesPerSecond: Math.round(estimate.bandwidth * 1000),
      roundTripMs: estimate.roundTrip,
    });
  }
}
