import type { BootView } from './agent-view.ts';

/** What distinguishing clones from restarts needs of a session. */
export type BootSession = {
  readonly state: string;
  readonly address: string;
  readonly openedAt: number;
  readonly hello: { readonly bootId: string } | undefined;
};

/** Monotonic milliseconds. */
type Boot = { readonly appearedAt: number; lastHeartbeatAt: number };

/**
 * The processes that use the identity of one agent. Two at the same time are a restart in progress or a clone. After a
 * restart the sessions of the old process can remain until its death is noticed, but no new heartbeat arrives on them. What
 * the old process left in the network arrives within the ping timeout or never. A heartbeat that arrives later therefore
 * proves that both processes are alive.
 */
export class Boots {
  readonly #boots = new Map<string, Boot>();
  #sessions: readonly BootSession[] = [];

  /**
   * Takes over all sessions of the agent that have introduced themselves; to be called at every change. A process whose
   * sessions all drain is leaving and does not count.
   */
  follow(sessions: Iterable<BootSession>, now: number): void {
    this.#sessions = [...sessions].filter(({ state }) => state === 'ready');
    const present = new Set(this.#sessions.flatMap(({ hello }) => hello?.bootId ?? []));
    for (const id of this.#boots.keys()) if (!present.has(id)) this.#boots.delete(id);
    for (const id of present) {
      if (!this.#boots.has(id)) this.#boots.set(id, { appearedAt: now, lastHeartbeatAt: now });
    }
  }

  addHeartbeat(id: string, now: number): void {
    const boot = this.#boots.get(id);
    if (boot !== undefined) boot.lastHeartbeatAt = now;
  }

  /** Whether two of them are alive at the same time. `grace` is the ping timeout in milliseconds. */
  areCloned(grace: number): boolean {
    const boots = [...this.#boots.values()];
    return boots.some((boot) =>
      boots.some(
        (other) => other.appearedAt > boot.appearedAt && boot.lastHeartbeatAt > other.appearedAt + grace,
      ),
    );
  }

  /** The oldest first. */
  get views(): readonly BootView[] {
    return [...this.#boots.keys()].map((id) => {
      const sessions = this.#sessions.filter(({ hello }) => hello?.bootId === id);
      const [latest] = sessions.toSorted((one, other) => other.openedAt - one.openedAt);
      return {
        id,
        address: latest?.address ?? '',
        since: Math.min(...sessions.map(({ openedAt }) => openedAt)),
        sessions: sessions.length,
      };
    });
  }
}
