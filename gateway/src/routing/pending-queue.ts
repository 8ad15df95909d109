import { TunnelError } from '@penstock/wire';

export type QueueLimits = {
  readonly limit: number;
  /** Milliseconds. */
  readonly timeout: number;
};

type Waiter = { readonly wake: () => void };

/** Clients waiting for an agent, first come first served, bounded per pool. */
export class PendingQueue {
  readonly #limitsOf: (pool: string) => QueueLimits | undefined;
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** `limitsOf` returns undefined for a pool that is not configured; its queue is closed. */
  constructor(limitsOf: (pool: string) => QueueLimits | undefined) {
    this.#limitsOf = limitsOf;
  }

  /** Clients waiting in the queue of a pool. */
  depth(pool: string): number {
    return this.#waiters.get(pool)?.size ?? 0;
  }

  get total(): number {
    return this.#waiters.values().reduce((sum, waiters) => sum + waiters.size, 0);
  }

  /**
   * Waits in the queue of `pool` until the sessions of some pool change. The wait is bounded by the milliseconds
   * `remaining` for the dial and by the pool's timeout, of which the client has already used `waited`. Rejects with
   * TunnelError NO_AGENT, QUEUE_FULL or QUEUE_TIMEOUT, or with the reason of `signal`.
   */
  async wait(
    pool: string,
    { remaining, waited }: { readonly remaining: number; readonly waited: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { limit, timeout } = this.#limitsOf(pool) ?? { limit: 0, timeout: 0 };
    if (limit === 0)
      throw new TunnelError('NO_AGENT', `No agent of pool ${pool} is ready, and its queue is closed.`);
    if (this.depth(pool) >= limit) {
      throw new TunnelError(
        'QUEUE_FULL',
        `The queue of pool ${pool} has reached queue.limit (${limit}) clients.`,
      );
    }
    if (signal.aborted) throw signal.reason;
    const milliseconds = Math.min(timeout - waited, remaining);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { wake: resolve };
    const timer = setTimeout(
      () =>
        reject(
          new TunnelError(
            'QUEUE_TIMEOUT',
            `No agent of pool ${pool} became available within ${Math.round(waited + milliseconds)} ms.`,
          ),
        ),
      milliseconds,
    );
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#add(pool, waiter);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.#remove(pool, waiter);
    }
  }

  /** Wakes every waiting client, each of which selects again: an agent of any pool may serve it. */
  wakeAll(): void {
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.wake();
  }

  #add(pool: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(pool);
    if (waiters === undefined) this.#waiters.set(pool, new Set([waiter]));
    else waiters.add(waiter);
  }

  #remove(pool: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(pool);
    if (waiters?.delete(waiter) && waiters.size === 0) this.#waiters.delete(pool);
  }
}
