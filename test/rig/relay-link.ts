import type { Socket } from 'node:net';
import { resetSocket } from '@penstock/transport';

/** `up`: from the client of the relay to its target. */
export type Direction = 'up' | 'down';

/** One client of a relay and the socket to the target. */
export class RelayLink {
  readonly passed = { up: 0, down: 0 };
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #stalled = new Set<Direction>();
  readonly #limit: Record<Direction, number> = {
    up: Number.POSITIVE_INFINITY,
    down: Number.POSITIVE_INFINITY,
  };
  readonly #onClose: () => void;
  readonly #swallowed = new Set<Direction>();
  readonly #underway = new Set<NodeJS.Timeout>();
  readonly #rates = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
  /** Directions that wait until their rate allows more. */
  readonly #resting = new Set<Direction>();
  #delay = 0;
  #open = 2;

  constructor(client: Socket, target: Socket, onClose: () => void) {
    this.#client = client;
    this.#target = target;
    this.#onClose = onClose;
    this.#pass('up');
    this.#pass('down');
    this.#readOn('up');
    this.#readOn('down');
  }

  cut(): void {
    resetSocket(this.#client);
    resetSocket(this.#target);
  }

  finish(): void {
    this.#client.end();
    this.#target.end();
  }

  /** Whether it discards everything in both directions. */
  get isDead(): boolean {
    return this.#swallowed.size === 2;
  }

  stall(direction: Direction): void {
    this.#stalled.add(direction);
    this.#from(direction).pause();
  }

  resume(direction: Direction): void {
    this.#stalled.delete(direction);
    this.#readOn(direction);
  }

  blackHole(direction?: Direction): void {
    for (const each of ['up', 'down'] as const) {
      if (direction !== undefined && direction !== each) continue;
      this.#swallowed.add(each);
      this.#readOn(each);
    }
  }

  /** From now on, everything arrives after so many milliseconds. Without backpressure: for small amounts only. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Forwards at most so many bytes a second. */
  throttle(rate: number, direction: Direction): void {
    this.#rates[direction] = rate;
  }

  /** Resets one end. The other one is not told, and everything it sends is discarded. */
  cutOneEnd(end: 'client' | 'target'): void {
    this.blackHole();
    resetSocket(end === 'client' ? this.#client : this.#target);
  }

  cutAfter(bytes: number, direction: Direction): void {
    this.#limit.up = Number.POSITIVE_INFINITY;
    this.#limit.down = Number.POSITIVE_INFINITY;
    this.#limit[direction] = bytes;
    if (this.passed[direction] >= bytes) this.cut();
  }

  #from(direction: Direction): Socket {
    return direction === 'up' ? this.#client : this.#target;
  }

  #to(direction: Direction): Socket {
    return direction === 'up' ? this.#target : this.#client;
  }

  #readOn(direction: Direction): void {
    const isWaiting = this.#stalled.has(direction) || this.#resting.has(direction);
    const blocked = isWaiting || this.#to(direction).writableNeedDrain;
    if (this.#swallowed.has(direction) || !blocked) this.#from(direction).resume();
  }

  #pass(direction: Direction): void {
    const from = this.#from(direction);
    const to = this.#to(direction);
    from.on('data', (chunk: Buffer) => this.#forward(direction, chunk));
    to.on('drain', () => this.#readOn(direction));
    from.on('end', () => {
      if (!this.#swallowed.has(direction)) this.#after(() => to.end());
    });
    from.on('close', (hadError) => {
      if (!this.#swallowed.has(direction) && (hadError || !from.readableEnded)) resetSocket(to);
      this.#open -= 1;
      if (this.#open > 0) return;
      for (const timer of this.#underway) clearTimeout(timer);
      this.#onClose();
    });
  }

  #after(deliver: () => void): void {
    if (this.#delay === 0) {
      deliver();
      return;
    }
    const timer = setTimeout(() => {
      this.#underway.delete(timer);
      deliver();
    }, this.#delay);
    this.#underway.add(timer);
  }

  #forward(direction: Direction, chunk: Buffer): void {
    const to = this.#to(direction);
    if (this.#swallowed.has(direction) || to.writableEnded) return;
    if (this.#delay > 0) {
      this.passed[direction] += chunk.length;
      this.#after(() => {
        if (!this.#swallowed.has(direction)) to.write(chunk);
      });
      this.#rest(direction, chunk.length);
      return;
    }
    const left = this.#limit[direction] - this.passed[direction];
    const piece = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.passed[direction] += piece.length;
    if (piece.length >= left) {
      // A reset discards data that the system has not accepted yet.
      this.#from(direction).pause();
      to.write(piece, () => this.cut());
    } else if (!to.write(piece)) {
      this.#from(direction).pause();
    }
    this.#rest(direction, piece.length);
  }

  /** Waits for as long as so many bytes take at the rate of the direction. */
  #rest(direction: Direction, bytes: number): void {
    if (!Number.isFinite(this.#rates[direction])) return;
    this.#resting.add(direction);
    this.#from(direction).pause();
    const timer = setTimeout(
      () => {
        this.#underway.delete(timer);
        this.#resting.delete(direction);
        this.#readOn(direction);
      },
      (1000 * bytes) / this.#rates[direction],
    );
    this.#underway.add(timer);
  }
}
