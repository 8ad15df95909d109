import type { TLSSocket } from 'node:tls';
import { type TcpOptions, tcpOptions } from './tcp-options.ts';

/** Segments that a new connection sends in its first round trip (RFC 6928). */
const INITIAL_WINDOW = 10;

/**
 * How much of what one session sends its path can carry, as estimated by BBR. A session that has sent little for a while, such as
 * acknowledgments of a download, and has lost a packet of it, is estimated to carry no more than that, and would need several seconds until
 * it is as fast as a new connection (docs/decisions/0030).
 */
export class BandwidthEstimate {
  readonly #socket: TLSSocket;
  readonly #options: TcpOptions | undefined;
  /** Whether the low estimate is a renewed one: the path carries no more. */
  #isRenewed = false;

  /** `options` are those of this system unless a test has others. */
  constructor(socket: TLSSocket, options = tcpOptions()) {
    this.#socket = socket;
    this.#options = options;
  }

  /**
   * Discards an estimate below that with which a new connection begins: it can only delay. A renewed one that is as low is kept. Call it a few
   * times a second while data waits. Returns whether the estimate was discarded.
   */
  renewIfLow(): boolean {
    const descriptor = descriptorOf(this.#socket);
    if (this.#options === undefined || descriptor === undefined) return false;
    const estimate = this.#options.bbrEstimate(descriptor);
    const segment = this.#options.segmentBytes(descriptor);
    if (estimate === undefined || segment === undefined) return false;
    const isLow = estimate.bandwidth * estimate.roundTrip < INITIAL_WINDOW * segment;
    const isDue = isLow && !this.#isRenewed;
    if (isDue) this.#options.restartBbr(descriptor);
    this.#isRenewed = isLow;
    return isDue;
  }
}

/** Node has it only in the internal handle of a socket (`_handle.fd`). Undefined on a Node without it, on Windows, and once it is closed. */
function descriptorOf(socket: TLSSocket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: number } | null };
  const descriptor = handle?.fd;
  return descriptor === undefined || descriptor < 0 ? undefined : descriptor;
}
