import type { Clock } from '@penstock/runtime';

export type HandshakeTurnsOptions = {
  readonly clock: Pick<Clock, 'after'>;
  /** Connections that have a turn at the same time. */
  readonly concurrent?: number;
};

/**
 * Each step of a connection on its way to a session costs a millisecond or two of CPU, mostly signatures. All that have their turn
 * may take a step in one turn of the event loop, which the bytes of clients then wait for.
 */
const MAX_CONCURRENT = 8;
/**
 * Milliseconds after which a connection makes room: those with a long round trip, or that stay silent, hold up nobody for longer. As
 * many as may be unauthenticated, 1,024, have all had their turn after 2.6 s, so silent ones alone cannot keep others waiting too long.
 */
const TURN_MS = 20;
/** Milliseconds to wait for a turn, well within the time that an agent gives its handshake. */
const WAIT_TIMEOUT_MS = 5_000;

/**
 * Lets a few connections at a time shake hands. After another replica was lost, thousands of agents arrive at once: they wait
 * in the order of their arrival, unread, so that the event loop does not.
 */
export class HandshakeTurns {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #concurrent: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #expired = 0;

  constructor({ clock, concurrent = MAX_CONCURRENT }: HandshakeTurnsOptions) {
    this.#clock = clock;
    this.#concurrent = concurrent;
  }

  /** Connections that waited for too long. */
  get expired(): number {
    return this.#expired;
  }

  /** Connections that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Calls `begin` when it is this connection's turn, possibly before this returns, or `expire` when it has waited for too long.
   * The returned function ends the turn or the wait: the connection has become a session, or has closed. Idempotent. The caller
   * bounds how many wait.
   */
  take(begin: () => void, expire: () => void): () => void {
    let state: 'waiting' | 'running' | 'over' = 'waiting';
    const end = () => {
      cancel();
      if (state === 'over') return;
      if (state === 'waiting') this.#waiting.delete(run);
      else this.#running -= 1;
      state = 'over';
      this.#beginNext();
    };
    const run = () => {
      cancel();
      state = 'running';
      cancel = this.#clock.after(TURN_MS, end);
      begin();
    };
    let cancel = this.#clock.after(WAIT_TIMEOUT_MS, () => {
      this.#expired += 1;
      end();
      expire();
    });
    this.#waiting.add(run);
    this.#beginNext();
    return end;
  }

  #beginNext(): void {
    while (this.#running < this.#concurrent) {
      const run = this.#waiting.values().next().value;
      if (run === undefined) return;
      this.#waiting.delete(run);
      this.#running += 1;
      run();
    }
  }
}
