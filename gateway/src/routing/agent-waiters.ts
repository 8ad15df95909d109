/** Connections that wait for a session of one agent. */
export class AgentWaiters {
  readonly #waiters = new Map<string, Set<() => void>>();

  /** Resolves at the next `wake` of the agent, or when `signal` is aborted. Never rejects. */
  wait(agentId: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiters.get(agentId) ?? new Set();
    this.#waiters.set(agentId, waiters.add(resolve));
    signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => {
      waiters.delete(resolve);
      if (waiters.size === 0 && this.#waiters.get(agentId) === waiters) this.#waiters.delete(agentId);
    });
  }

  /** Wakes all that wait for the agent: a session of it has become ready. */
  wake(agentId: string): void {
    for (const resolve of [...(this.#waiters.get(agentId) ?? [])]) resolve();
  }
}
