import type { AgentState, ConditionCode } from '@penstock/api-schema';
import type { AgentMessageOf, UpgradeStatus } from '@penstock/wire';
import type { PinView } from '../pins/drift.ts';
import type { Reason } from './reason.ts';

type Heartbeat = AgentMessageOf<'heartbeat'>;
type Hello = AgentMessageOf<'hello'>;

/** One process that uses the identity of an agent; more than one is a clone or a restart in progress. */
export type BootView = {
  readonly id: string;
  readonly address: string;
  /** When the oldest of its sessions was opened. */
  readonly since: number;
  readonly sessions: number;
};

/** The agent's clock relative to the gateway's, by the best of the last exchanges. */
export type ClockView = {
  /** Milliseconds by which the agent's clock is ahead. */
  readonly skew: number;
  /** Milliseconds to the agent and back; the skew is accurate to half of it. */
  readonly roundTrip: number;
};

/**
 * What the gateway knows of an agent. Times are milliseconds since 1970. Fields that only a session reports are undefined
 * until the agent has connected to this gateway once, and keep their last value after it has disconnected.
 */
export type AgentView = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  /** The first of `reasons`, and its state. */
  readonly state: AgentState;
  readonly code: ConditionCode;
  readonly since: number;
  readonly message: string;
  readonly advice: string;
  readonly detail: string | undefined;
  /** Every condition that holds, the most important first. Never empty. */
  readonly reasons: readonly Reason[];
  readonly enrolledAt: number | undefined;
  readonly identityNotAfter: number | undefined;
  readonly drainedAt: number | undefined;
  /** When the oldest of its sessions was opened; undefined without one. */
  readonly connectedSince: number | undefined;
  /** The remote address of its last session. */
  readonly address: string | undefined;
  readonly sessions: {
    readonly got: number;
    readonly wanted: number | undefined;
    /** As the agent counts them; undefined if the gateway has no replicas. */
    readonly replicas?: Heartbeat['replicas'] | undefined;
  };
  readonly streams: { readonly open: number; readonly opening: number };
  readonly softwareVersion: string | undefined;
  readonly platform: Hello['platform'] | undefined;
  readonly boots: readonly BootView[];
  readonly config: { readonly version: number; readonly digest: string } | undefined;
  readonly pin: PinView | undefined;
  readonly connectors: Hello['connectors'] | undefined;
  /** What its owners allow the control plane to request; undefined for an older agent. */
  readonly policy?: Hello['policy'] | undefined;
  readonly checks: Heartbeat['checks'];
  readonly lastHeartbeat: number | undefined;
  /** Whether it has reported anything since it connected. Until then, what it reported last may be outdated. */
  readonly hasReported: boolean;
  readonly clock: ClockView | undefined;
  readonly cpu: Heartbeat['cpu'];
  readonly memory: Heartbeat['memory'];
  readonly eventLoop: Heartbeat['eventLoop'] | undefined;
  /** Undefined for agents that do not know upgrades. */
  readonly upgrade: UpgradeStatus | undefined;
};

/** One point of a sparkline. */
export type Sample = {
  readonly at: number;
  readonly cpuLoad: number | undefined;
  readonly memoryAvailable: number | undefined;
  /** Share of the memory in use, from 0 to 1. */
  readonly memoryUsed?: number | undefined;
  readonly eventLoopP99: number;
  readonly streams: number;
  readonly skew: number | undefined;
  readonly roundTrip: number | undefined;
};
