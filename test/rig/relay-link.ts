import type { Socket } from 'node:net';

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
  #swallows = false;
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
    this.#client.resetAndDestroy();
    this.#target.resetAndDestroy();
  }

  finish(): void {
    this.#client.end();
    this.#target.end();
  }

  stall(direction: Direction): void {
    this.#stalled.add(direction);
    this.#from(direction).pause();
  }

  resume(direction: Direction): void {
    this.#stalled.delete(direction);
    this.#readOn(direction);
  }

  blackHole(): void {
    this.#swallows = true;
    this.#readOn('up');
    this.#readOn('down');
  }

  /** Resets one end. The other one is not told, and everything it sends is discarded. */
  cutOneEnd(end: 'client' | 'target'): void {
    this.blackHole();
    (end === 'client' ? this.#client : this.#target).resetAndDestroy();
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
    const blocked = this.#stalled.has(direction) || this.#to(direction).writableNeedDrain;
    if (this.#swallows || !blocked) this.#from(direction).resume();
  }

  #pass(direction: Direction): void {
    const from = this.#from(direction);
    const to = this.#to(direction);
    from.on('data', (chunk: Buffer) => this.#forward(direction, chunk));
    to.on('drain', () => this.#readOn(direction));
    from.on('end', () => {
      if (!this.#swallows) to.end();
    });
    from.on('close', (hadError) => {
      if (!this.#swallows && (hadError || !from.readableEnded)) to.resetAndDestroy();
      this.#open -= 1;
      if (this.#open === 0) this.#onClose();
    });
  }

  #forward(direction: Direction, chunk: Buffer): void {
    const to = this.#to(direction);
    if (this.#swallows || to.writableEnded) return;
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
  }
}
