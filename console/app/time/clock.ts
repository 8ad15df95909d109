/**
 * The clock of the gateway, as far as this browser knows it. Ages are differences to times of the gateway, so the clock of
 * the browser, which may be wrong, must not be part of them.
 */
export class GatewayClock {
  readonly #local: () => number;
  #offset = 0;
  /** Milliseconds by which the best reading can be wrong; undefined before the first. */
  #uncertainty: number | undefined;

  constructor(local: () => number = Date.now) {
    this.#local = local;
  }

  /** Milliseconds since 1970, as the gateway counts them. */
  now(): number {
    return this.#local() + this.#offset;
  }

  /** Milliseconds by which the gateway is ahead of this browser. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Learns from a response: the gateway's time in it, and the local times of sending the request and receiving the
   * response. A reading that took long is less exact, and replaces only a worse one.
   */
  learn(gatewayTime: number, sentAt: number, receivedAt: number, resolution = 0): void {
    if (!Number.isFinite(gatewayTime) || receivedAt < sentAt) return;
    const uncertainty = (receivedAt - sentAt) / 2 + resolution;
    if (this.#uncertainty !== undefined && uncertainty > this.#uncertainty) {
      // Clocks drift apart and are set: an old reading loses its worth.
      this.#uncertainty += 20;
      return;
    }
    this.#uncertainty = uncertainty;
    this.#offset = gatewayTime + resolution - (sentAt + receivedAt) / 2;
  }
}
