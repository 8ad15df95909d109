/** What can be said of an agent that alerts are about. Texts are for people; undefined is well, or not known. */
export type AgentFacts = {
  readonly name: string;
  readonly pool: string;
  /** Whether it has a session: what only a session tells is unknown without. */
  readonly present: boolean;
  readonly stale: string | undefined;
  readonly skewed: string | undefined;
  /** False until its clock was measured: that takes some heartbeats. */
  readonly clockKnown: boolean;
  readonly expiring: string | undefined;
  readonly drifted: string | undefined;
  readonly cloned: string | undefined;
  readonly failing: readonly { readonly connector: string; readonly detail: string }[];
  /** Connectors of an agent that has just connected, of which it may still tell whether they fail. */
  readonly unchecked: readonly string[];
  readonly softwareVersion: string | undefined;
};

export type PoolFacts = {
  readonly name: string;
  /** Agents that take new opens. */
  readonly ready: number;
  readonly minReady: number;
  readonly waiting: number;
  readonly queueLimit: number;
};

/** The facts of one moment that conditions are evaluated on. Times are milliseconds since 1970. */
export type AlertFacts = {
  readonly agents: readonly AgentFacts[];
  readonly pools: readonly PoolFacts[];
  readonly gateway: { readonly softwareVersion: string; readonly certificateNotAfter: number };
  readonly now: number;
  /** Milliseconds: `health.certificateExpiry`. */
  readonly certificateExpiry: number;
  /** False while agents may still be on their way back to a gateway that has just started. */
  readonly settled: boolean;
};
