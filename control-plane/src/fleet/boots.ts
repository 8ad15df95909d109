import type { BootView } from './agent-view.ts';

/** What telling clones from restarts needs of a session. */
export type BootSession = {
  readonly state: string;
  readonly address: string;
  readonly openedAt: number;
  readonly hello: { readonly bootId: string } | undefined;
};

/** Monotonic milliseconds both. */
type Boot = { readonly appearedAt: number; heardAt: number };

/**
 * The processes that use the identity of one agent. Two at once are a restart that is under way, or a clone. After a
 * restart the sessions of the process before can still be there, as long as nobody has noticed that it died; but it says
 * nothing any more. So a process is alive beside another one when a heartbeat of it comes later than what it left in the
 * network could: that arrives within the ping timeout, or never.
 */
export class Boots {
  readonly #boots = new Map<string, Boot>();
  #sessions: readonly BootSession[] = [];

  /** All sessions of the agent that have introduced themselves, at every change. What drains is leaving, and no clone. */
  follow(sessions: Iterable<BootSession>, now: number): void {
    this.#sessions = [...sessions].filter(({ state }) => state === 'ready');
    const present = new Set(this.#sessions.flatMap(({ hello }) => hello?.bootId ?? []));
    for (const id of this.#boots.keys()) if (!present.has(id)) this.#boots.delete(id);
    for (const id of present) {
      if (!this.#boots.has(id)) this.#boots.set(id, { appearedAt: now, heardAt: now });
    }
  }

  /** A heartbeat of this process has come. */
  heard(id: string, now: number): void {
    const boot = this.#boots.get(id);
    if (boot !== undefined) boot.heardAt = now;
  }

  /** Whether two of them live at the same time. `grace` is the ping timeout in milliseconds. */
  areCloned(grace: number): boolean {
    const boots = [...this.#boots.values()];
    return boots.some((boot) =>
      boots.some((other) => other.appearedAt > boot.appearedAt && boot.heardAt > other.appearedAt + grace),
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
