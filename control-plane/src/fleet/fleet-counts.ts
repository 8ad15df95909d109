import { type AgentState, agentStates } from '@penstock/api-schema';

export type StateCounts = Readonly<Record<AgentState, number>>;

/** What is counted of one agent. */
export type Counted = {
  readonly pool: string;
  readonly state: AgentState;
  /** Ready sessions. */
  readonly sessions: number;
  /** Whether it runs what is pinned for it; undefined without a pin. */
  readonly isInSync: boolean | undefined;
};

/** The agents of one pool. */
export type PoolCounts = {
  readonly agents: StateCounts;
  /** Agents that accept opens. */
  readonly ready: number;
  /** Ready sessions of all agents. */
  readonly sessions: number;
  /** Agents to which a pin applies. */
  readonly pinned: number;
  /** Those of them that run it. */
  readonly inSync: number;
};

const ACCEPTS_OPENS: ReadonlySet<AgentState> = new Set(['degraded', 'connected', 'stale']);

type MutableCounts = { agents: Record<AgentState, number> } & Record<
  'ready' | 'sessions' | 'pinned' | 'inSync',
  number
>;

/** Counts of the listed agents by pool, kept up to date agent by agent, so that reading them costs nothing. */
export class FleetCounts {
  readonly #counted = new Map<string, Counted>();
  readonly #pools = new Map<string, MutableCounts>();

  /** Counts the agent of this name as it is now; undefined when no agent has the name any more. */
  set(name: string, counted: Counted | undefined): void {
    const before = this.#counted.get(name);
    if (before !== undefined) this.#add(before, -1);
    if (counted === undefined) {
      this.#counted.delete(name);
      return;
    }
    this.#add(counted, 1);
    this.#counted.set(name, counted);
  }

  pool(name: string): PoolCounts {
    return this.#pools.get(name) ?? none();
  }

  #add({ pool, state, sessions, isInSync }: Counted, sign: 1 | -1): void {
    const counts = this.#pools.get(pool) ?? none();
    this.#pools.set(pool, counts);
    counts.agents[state] += sign;
    counts.sessions += sign * sessions;
    if (sessions > 0 && ACCEPTS_OPENS.has(state)) counts.ready += sign;
    if (isInSync !== undefined) counts.pinned += sign;
    if (isInSync === true) counts.inSync += sign;
  }
}

const none = (): MutableCounts => ({
  agents: Object.fromEntries(agentStates.map((state) => [state, 0])) as Record<AgentState, number>,
  ready: 0,
  sessions: 0,
  pinned: 0,
  inSync: 0,
});
