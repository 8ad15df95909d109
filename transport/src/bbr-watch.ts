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
/** Share of what the path carries below which an estimate has collapsed; and where the path carries less than a new connection begins with. */
const COLLAPSED_RATIO = 1 / 8;
const COLLAPSED_SLOW_RATIO = 1 / 2;
/** Milliseconds for which it is remembered what the path carries. */
const REMEMBERED_MS = 10 * 60_000;
/**
 * A connection with a shorter round trip is fast again before anybody notices. It may end at a proxy or a load balancer: the round trip of
 * the session says nothing about it.
 */
const MIN_ROUND_TRIP_MS = 10;
/**
 * Milliseconds without a look after which data begins to wait once more, and for which an estimate may then be that of a trickle. A lower
 * one later on is the path's own, such as that of a link which many share.
 */
const BEGIN_MS = 2_000;
/** Milliseconds between two restarts of one connection. */
const MIN_INTERVAL_MS = 10_000;

/**
 * Restarts BBR on a connection whose estimated bandwidth has collapsed: when a packet is lost from a trickle, such as acknowledgments of a
 * download, BBR takes the trickle for all that the path carries, and would need many seconds to be as fast as a new connection
 * (docs/decisions/0030).
 */
export class BbrWatch {
  readonly #port: BbrPort;
  readonly #options: TcpOptions | undefined;
  /** The highest estimate of data that had waited for a while; 0 if there was none. */
  #carried = 0;
  #carriedAt = Number.NEGATIVE_INFINITY;
  #waitingSince = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #restartedAt = Number.NEGATIVE_INFINITY;

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
    if (now - this.#lookedAt > BEGIN_MS) this.#waitingSince = now;
    this.#lookedAt = now;
    if (now - this.#carriedAt > REMEMBERED_MS) this.#carried = 0;
    if (now - this.#waitingSince >= BEGIN_MS) this.#remember(estimate.bandwidth, now);
    else if (this.#hasCollapsed(estimate) && now - this.#restartedAt >= MIN_INTERVAL_MS)
      this.#restart(fd, estimate, now);
  }

  #remember(bandwidth: number, now: number): void {
    if (bandwidth < this.#carried) return;
    this.#carried = bandwidth;
    this.#carriedAt = now;
  }

  #hasCollapsed({ bandwidth, roundTrip, segmentBytes, isStartup }: BbrEstimate): boolean {
    // It doubles with each round trip by itself.
    if (isStartup) return false;
    const initial = (INITIAL_WINDOW * segmentBytes) / roundTrip;
    const carried = this.#carried;
    if (carried > 0 && carried < initial) return bandwidth < carried * COLLAPSED_SLOW_RATIO;
    return bandwidth < Math.max(initial, carried * COLLAPSED_RATIO);
  }

  #restart(fd: number, estimate: BbrEstimate, now: number): void {
    this.#restartedAt = now;
    if (this.#options?.restartBbr(fd) !== true) return;
    // The path may have become another one.
    this.#carried = 0;
    this.#port.onRestarted({
      bytesPerSecond: Math.round(estimate.bandwidth * 1000),
      roundTripMs: estimate.roundTrip,
    });
  }
}
