import { connect, type Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { LoopbackServer } from './loopback-server.ts';
import { type Direction, RelayLink } from './relay-link.ts';

export type { Direction } from './relay-link.ts';

/**
 * A TCP relay in front of `to`, with switches for network failures: cuts, half-closes, silence. `up` is the direction
 * from the client to `to`, `down` the opposite. Switches apply to open and new links until `restore`; `cut` and
 * `finish` apply only to open ones.
 */
export class Relay implements AsyncDisposable {
  readonly #server: LoopbackServer;
  readonly #links = new Set<RelayLink>();
  readonly #stalled = new Set<Direction>();
  readonly #ended = { up: 0, down: 0 };
  readonly #delays = new Set<NodeJS.Timeout>();
  readonly #swallowed = new Set<Direction>();
  readonly #rates = new Map<Direction, number>();
  #delay = 0;
  #cutAfter: { direction: Direction; bytes: number } | undefined;
  #acceptDelay = 0;

  private constructor(server: LoopbackServer) {
    this.#server = server;
  }

  static async start(to: HostPort): Promise<Relay> {
    let relay: Relay | undefined;
    const server = await LoopbackServer.start((client) => {
      client.pause();
      if (relay !== undefined) relay.#accept(client, to);
    });
    relay = new Relay(server);
    return relay;
  }

  get address(): HostPort {
    return this.#server.address;
  }

  /** Number of connections accepted since the start. */
  get accepted(): number {
    return this.#server.accepted;
  }

  /** Number of open links. */
  get open(): number {
    return this.#links.size;
  }

  /** Bytes forwarded since the start, in each direction, without discarded ones. */
  get bytes(): Readonly<Record<Direction, number>> {
    const sum = { ...this.#ended };
    for (const link of this.#links) {
      sum.up += link.passed.up;
      sum.down += link.passed.down;
    }
    return sum;
  }

  /** Resets both ends of every open link, or only one end. */
  cut(which: 'all' | 'oldest' | 'newest' = 'all'): void {
    const links = [...this.#links];
    if (which === 'all') for (const link of links) link.cut();
    else links.at(which === 'oldest' ? 0 : -1)?.cut();
  }

  /** Sends FIN to both ends of every open link, after the data in transit. */
  finish(): void {
    for (const link of this.#links) link.finish();
  }

  /** Stops reading from one side, so its sender experiences backpressure. */
  stall(direction: Direction): void {
    this.#stalled.add(direction);
    for (const link of this.#links) link.stall(direction);
  }

  /** Reverts `stall`; pending data is forwarded. */
  resume(direction: Direction): void {
    this.#stalled.delete(direction);
    for (const link of this.#links) link.resume(direction);
  }

  /**
   * From now on, every byte, FIN, and reset is discarded in both directions, or in one, while the sockets stay open.
   * Affected links never recover, as behind a NAT that has dropped its state.
   */
  blackHole(direction?: Direction): void {
    for (const each of direction === undefined ? (['up', 'down'] as const) : [direction])
      this.#swallowed.add(each);
    for (const link of this.#links) link.blackHole(direction);
  }

  /** Delays everything on links from now on by so many milliseconds in each direction; small amounts only. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Limits each link to so many bytes a second. What is beyond waits in the buffers of the system. */
  throttle(rate: number, direction: Direction): void {
    this.#rates.set(direction, rate);
    for (const link of this.#links) link.throttle(rate, direction);
  }

  /**
   * Resets every link after it has forwarded `bytes` bytes in this direction. No further bytes arrive. A reset
   * overtakes bytes for which the reader has no room, so only about 32 KiB are certain to arrive.
   */
  cutAfter(bytes: number, direction: Direction): void {
    this.#cutAfter = { bytes, direction };
    for (const link of this.#links) link.cutAfter(bytes, direction);
  }

  /** Resets one end of every open link; the other end is not told. */
  cutOneEnd(end: 'client' | 'target'): void {
    for (const link of this.#links) link.cutOneEnd(end);
  }

  /** Resets every open link after `bytes` more bytes in this direction. */
  cutWithin(bytes: number, direction: Direction): void {
    for (const link of this.#links) link.cutAfter(link.passed[direction] + bytes, direction);
  }

  /** Discards everything on the oldest link from now on that does not do so yet. */
  swallowOldest(): void {
    [...this.#links].find(({ isDead }) => !isDead)?.blackHole();
  }

  /** Connects new clients only after `milliseconds`. */
  delayAccept(milliseconds: number): void {
    this.#acceptDelay = milliseconds;
  }

  /** Stops listening, so the system refuses new clients. */
  refuse(): void {
    this.#server.refuse();
  }

  /** Reverts all switches: new links work normally, on the same port. */
  async restore(): Promise<void> {
    this.#swallowed.clear();
    this.#rates.clear();
    this.#cutAfter = undefined;
    this.#acceptDelay = 0;
    this.resume('up');
    this.resume('down');
    for (const link of this.#links) link.cutAfter(Number.POSITIVE_INFINITY, 'up');
    await this.#server.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#delays) clearTimeout(timer);
    await this.#server[Symbol.asyncDispose]();
  }

  #accept(client: Socket, to: HostPort): void {
    const dial = () => {
      if (client.destroyed) return;
      const target = connect({ ...to, allowHalfOpen: true, noDelay: true });
      this.#server.adopt(target);
      const link = new RelayLink(client, target, () => {
        this.#links.delete(link);
        this.#ended.up += link.passed.up;
        this.#ended.down += link.passed.down;
      });
      this.#links.add(link);
      for (const direction of this.#stalled) link.stall(direction);
      if (this.#cutAfter !== undefined) link.cutAfter(this.#cutAfter.bytes, this.#cutAfter.direction);
      for (const direction of this.#swallowed) link.blackHole(direction);
      link.delay(this.#delay);
      for (const [direction, rate] of this.#rates) link.throttle(rate, direction);
    };
    if (this.#acceptDelay === 0) {
      dial();
      return;
    }
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      dial();
    }, this.#acceptDelay);
    this.#delays.add(timer);
  }
}
