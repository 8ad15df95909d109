import { connect, type Socket } from 'node:net';
import type { HostPort } from '@penstock/config-schema';
import { LoopbackServer } from './loopback-server.ts';
import { type Direction, RelayLink } from './relay-link.ts';

export type { Direction } from './relay-link.ts';

/**
 * A TCP relay in front of `to`, with switches for what a network does to people: cuts, half a close, silence.
 * `up` is the way from whoever connected to `to`, `down` the way back. Switches act on the links that are
 * open and on those to come, until `restore`; `cut` and `finish` act on the open ones only.
 */
export class Relay implements AsyncDisposable {
  readonly #server: LoopbackServer;
  readonly #links = new Set<RelayLink>();
  readonly #stalled = new Set<Direction>();
  readonly #ended = { up: 0, down: 0 };
  readonly #delays = new Set<NodeJS.Timeout>();
  #blackHole = false;
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

  /** Connections accepted since the start. */
  get accepted(): number {
    return this.#server.accepted;
  }

  /** Links open now. */
  get open(): number {
    return this.#links.size;
  }

  /** Bytes passed on since the start, each way; swallowed ones are not among them. */
  get bytes(): Readonly<Record<Direction, number>> {
    const sum = { ...this.#ended };
    for (const link of this.#links) {
      sum.up += link.passed.up;
      sum.down += link.passed.down;
    }
    return sum;
  }

  /** Resets both ends of every open link, or of one only. */
  cut(which: 'all' | 'oldest' | 'newest' = 'all'): void {
    const links = [...this.#links];
    if (which === 'all') for (const link of links) link.cut();
    else links.at(which === 'oldest' ? 0 : -1)?.cut();
  }

  /** Sends FIN to both ends of every open link, after what is still on its way. */
  finish(): void {
    for (const link of this.#links) link.finish();
  }

  /** Takes no more bytes from one side: its sender runs into back-pressure. */
  stall(direction: Direction): void {
    this.#stalled.add(direction);
    for (const link of this.#links) link.stall(direction);
  }

  /** Ends `stall`; what waited goes on its way. */
  resume(direction: Direction): void {
    this.#stalled.delete(direction);
    for (const link of this.#links) link.resume(direction);
  }

  /**
   * From now on every byte, FIN and reset vanishes, both ways, while the sockets stay open. A link that was
   * in it is lost for good, as behind a NAT that forgot it.
   */
  blackHole(): void {
    this.#blackHole = true;
    for (const link of this.#links) link.blackHole();
  }

  /**
   * Every link is reset when it has passed `bytes` bytes in this direction since it opened. No more than these
   * arrive; a reset overtakes bytes the reader has no room for, so only some 32 KiB are sure to arrive whole.
   */
  cutAfter(bytes: number, direction: Direction): void {
    this.#cutAfter = { bytes, direction };
    for (const link of this.#links) link.cutAfter(bytes, direction);
  }

  /** New clients are connected on only after `milliseconds`. */
  delayAccept(milliseconds: number): void {
    this.#acceptDelay = milliseconds;
  }

  /** New clients are refused by the system. */
  refuse(): void {
    this.#server.refuse();
  }

  /** Everything off: new links pass as if nothing had been, on the same port. */
  async restore(): Promise<void> {
    this.#blackHole = false;
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
      if (this.#blackHole) link.blackHole();
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
