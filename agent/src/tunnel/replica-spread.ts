import type { LiveSessions } from './live-sessions.ts';

export type ReplicaSpreadOptions = {
  readonly live: Pick<LiveSessions, 'epochs' | 'replaceDuplicate'>;
  /** Sessions of the configuration. Additional ones, with a higher index, are for the load, wherever they lead. */
  readonly least: () => number;
  /** As many of these as the gateway allows. */
  readonly sessions: () => number;
  /** Called when sessions share a replica although there are enough. */
  readonly onShared: (counts: ReplicaCounts) => void;
};

export type ReplicaCounts = { readonly reached: number; readonly wanted: number };

/**
 * Spreads the parallel sessions of an agent over the replicas of its gateway, so that the loss of one of them costs one session. A
 * load balancer decides where a connection goes, so all that an agent can do is to try again.
 */
export class ReplicaSpread {
  readonly #options: ReplicaSpreadOptions;
  #count = 0;

  constructor(options: ReplicaSpreadOptions) {
    this.#options = options;
  }

  /** Undefined if the gateway has no replicas. */
  get counts(): ReplicaCounts | undefined {
    if (this.#count === 0) return undefined;
    const { live, least, sessions } = this.#options;
    const reached = new Set(live.epochs(least()).values()).size;
    return { reached, wanted: Math.min(sessions(), this.#count) };
  }

  /** The gateway says how many replicas there are. When they become more, a session that shares one is replaced. */
  countIs(count: number): void {
    const hasGrown = this.#count > 0 && count > this.#count;
    this.#count = count;
    const { counts } = this;
    if (hasGrown && counts !== undefined && counts.reached < counts.wanted) {
      this.#options.live.replaceDuplicate(this.#options.least(), 'there are more replicas');
    }
  }

  /** Whether the agent has a session to this process of the gateway, apart from the one at `index`, and others have none. */
  isShared(index: number, epoch: string): boolean {
    const { live, least } = this.#options;
    if (index >= least()) return false;
    const others = new Set<string>();
    for (const [its, each] of live.epochs(least())) if (its !== index) others.add(each);
    return others.has(epoch) && others.size < this.#count;
  }

  /** A session shares its replica after all. */
  stayed(): void {
    const { counts } = this;
    if (counts !== undefined && counts.reached < counts.wanted) this.#options.onShared(counts);
  }
}
