import { TunnelError } from '@penstock/wire';

export type QueueLimits = { readonly limit: number; readonly timeout: number };

type Waiter = { readonly wake: () => void };

/** Clients that wait for an agent, first come first served, bounded by pool. */
export class PendingQueue {
  readonly #limitsOf: (pool: string) => QueueLimits | undefined;
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(limitsOf: (pool: string) => QueueLimits | undefined) {
    this.#limitsOf = limitsOf;
  }

  /** Clients that wait in the queue of a pool. */
  depth(pool: string): number {
    return this.#waiters.get(pool)?.size ?? 0;
  }

  get total(): number {
    return this.#waiters.values().reduce((sum, waiters) => sum + waiters.size, 0);
  }

  /**
   * Waits in the queue of `pool` until something there changes. Throws TunnelError NO_AGENT, QUEUE_FULL or
   * QUEUE_TIMEOUT, or the signal's reason. `patience` bounds the wait in milliseconds besides the pool's own timeout,
   * of which the client has already `waited` so many.
   */
  async wait(
    pool: string,
    { patience, waited }: { readonly patience: number; readonly waited: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { limit, timeout } = this.#limitsOf(pool) ?? { limit: 0, timeout: 0 };
    if (limit === 0)
      throw new TunnelError('NO_AGENT', `No agent of pool ${pool} is ready, and its queue is closed.`);
    if (this.depth(pool) >= limit) {
      throw new TunnelError('QUEUE_FULL', `${limit} clients already wait for an agent of pool ${pool}.`);
    }
    if (signal.aborted) throw signal.reason;
    const milliseconds = Math.min(timeout - waited, patience);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { wake: resolve };
    const timer = setTimeout(
      () =>
        reject(
          new TunnelError(
            'QUEUE_TIMEOUT',
            `No agent of pool ${pool} appeared within ${Math.round(waited + milliseconds)} ms.`,
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

  /** An agent of some pool has become ready: everyone who waits looks again. */
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
