import type { CloseCode } from '@penstock/wire';
import type { ActiveCondition } from './active-condition.ts';

/**
 * One agent as alert conditions see it. Texts are for people; an undefined text means that the condition does not hold,
 * or that it is unknown whether it does.
 */
export type AgentSnapshot = {
  readonly name: string;
  readonly pool: string;
  /** Whether the agent has a session. Facts that only a session reports are unknown without one. */
  readonly isConnected: boolean;
  readonly stale: string | undefined;
  readonly skewed: string | undefined;
  /** False until several heartbeats have measured the clock. */
  readonly isClockKnown: boolean;
  readonly expiring: string | undefined;
  readonly drifted: string | undefined;
  readonly cloned: string | undefined;
  readonly failing: readonly { readonly connector: string; readonly detail: string }[];
  /** Connectors of a newly connected agent whose first check has not been reported yet. */
  readonly unchecked: readonly string[];
  readonly softwareVersion: string | undefined;
};

export type PoolSnapshot = {
  readonly name: string;
  /** Number of agents that accept opens. */
  readonly ready: number;
  readonly minReady: number;
  readonly waiting: number;
  readonly queueLimit: number;
};

/** The opens of one connection within `FailingOpens.windowMs`. Times are milliseconds. */
export type ConnectionSnapshot = {
  readonly connection: string;
  readonly opened: number;
  readonly failed: number;
  /** The most frequent first. */
  readonly codes: readonly { readonly code: CloseCode; readonly count: number }[];
  /** Undefined when there was none since the gateway started. */
  readonly sinceOpened: number | undefined;
  readonly sinceFailed: number | undefined;
  /** Time without any open. */
  readonly idle: number;
};

/** `health.failingOpens…`: when the opens of a connection count as failing. */
export type FailingOpens = {
  readonly percent: number;
  readonly minimum: number;
  readonly windowMs: number;
};

/** The fleet at one moment, on which alert conditions are evaluated. Times are milliseconds since 1970. */
export type FleetSnapshot = {
  /** Read lazily, in slices of the event loop. */
  readonly agents: Iterable<AgentSnapshot>;
  readonly pools: readonly PoolSnapshot[];
  readonly connections: Iterable<ConnectionSnapshot>;
  readonly failingOpens: FailingOpens;
  /** Conditions that other parts of the control plane have found. */
  readonly reported: readonly ActiveCondition[];
  readonly gateway: { readonly softwareVersion: string; readonly certificateNotAfter: number };
  readonly now: number;
  /** `health.certificateExpiryWarning`, in milliseconds. */
  readonly certificateExpiryWarning: number;
  /**
   * False for `health.staleAfter` after the gateway has started, while agents may still be reconnecting, and for a minute while another
   * gateway cannot be reached, to which agents may be connected.
   */
  readonly isSettled: boolean;
};
