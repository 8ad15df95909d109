/** What a rollout brings to the agents of its pools. */
export type RolloutTarget =
  | {
      readonly kind: 'config';
      readonly version: number;
      readonly digest: string;
      /** The pin of the pool when the rollout was created, to which it goes back; undefined without one. */
      readonly before: { readonly version: number; readonly digest: string } | undefined;
    }
  | { readonly kind: 'software'; readonly version: string };

/** How a rollout proceeds. Durations are milliseconds, shares are percent. */
export type RolloutSettings = {
  /** Share of the agents that are canaries; one to `MAX_CANARIES`, and at least one of each platform. */
  readonly canary: number;
  /** How long the canaries are observed before the first group starts. */
  readonly soak: number;
  /** The share of the remaining agents that has been reached at the end of each group; the last one is 100. */
  readonly groups: readonly number[];
  /** How long each group but the last one is observed. */
  readonly groupSoak: number;
  /** Largest share of a pool's agents that change at the same time; at least one agent. */
  readonly inFlight: number;
  /** Time for one agent to run the target after it was offered. */
  readonly deadline: number;
  /** How long an agent must run the target without a fault. */
  readonly probation: number;
  /** Share of a group whose failure halts the rollout. One failed canary always does. */
  readonly maxFailed: number;
};

/** Why nothing is started at the moment, and when it goes on; `opensAt` is undefined if the schedule never opens. */
export type Waiting = { readonly opensAt: number | undefined; readonly because: string };

/** A stage in which agents are changed or observed. */
export type ActiveStage =
  | { readonly state: 'approved' }
  | { readonly state: 'canary'; readonly phase: 'active' }
  | ({ readonly state: 'canary'; readonly phase: 'waiting-window' } & Waiting)
  | { readonly state: 'soaking'; readonly until: number }
  | { readonly state: 'group'; readonly group: number; readonly phase: 'active' }
  | ({ readonly state: 'group'; readonly group: number; readonly phase: 'waiting-window' } & Waiting)
  | {
      readonly state: 'group';
      readonly group: number;
      readonly phase: 'soaking';
      readonly until: number;
    };

export type Stage =
  | { readonly state: 'draft' }
  | ActiveStage
  | {
      readonly state: 'paused';
      readonly by: string;
      readonly reason: string | undefined;
      readonly at: number;
      readonly from: ActiveStage;
    }
  | { readonly state: 'halted'; readonly reason: string; readonly at: number; readonly from: ActiveStage }
  | { readonly state: 'rolling-back'; readonly reason: string }
  | { readonly state: 'rolled-back'; readonly reason: string }
  | { readonly state: 'cancelled'; readonly by: string }
  | { readonly state: 'done' };

export const rolloutStates = [
  'draft',
  'approved',
  'canary',
  'soaking',
  'group',
  'paused',
  'halted',
  'rolling-back',
  'rolled-back',
  'cancelled',
  'done',
] as const satisfies readonly Stage['state'][];
export type RolloutState = (typeof rolloutStates)[number];

/** States from which a rollout does not continue. */
const FINAL: ReadonlySet<RolloutState> = new Set(['rolled-back', 'cancelled', 'done']);
export const isFinal = (state: RolloutState): boolean => FINAL.has(state);

export type Rollout = {
  readonly id: string;
  readonly target: RolloutTarget;
  readonly pools: readonly string[];
  readonly settings: RolloutSettings;
  /** What follows a halt: going back, or waiting for an operator. */
  readonly onFailure: 'roll-back' | 'halt';
  readonly stage: Stage;
  /** The number of groups after the canaries. */
  readonly groups: number;
  /** Who had it go on regardless of windows, freezes and `minReady`. */
  readonly override: { readonly by: string; readonly at: number } | undefined;
};

export const skipReasons = {
  'no-upgrader': 'Nothing on its host upgrades it.',
  'denied-locally': "Its owner's file denies upgrades.",
  pinned: 'It has a pin of its own.',
  offline: 'It was not connected when its turn came.',
  current: 'It runs the target already.',
  host: 'Something on its host prevented it, which says nothing about the version.',
  gone: 'It has been revoked or removed.',
} as const;
export type SkipReason = keyof typeof skipReasons;

export const rolloutAgentStates = [
  'pending',
  'offered',
  'staged',
  'switching',
  'probation',
  'updated',
  'failed',
  'rolling-back',
  'rolled-back',
  'skipped',
] as const;
export type RolloutAgentState = (typeof rolloutAgentStates)[number];

/** One agent of a rollout. Times are milliseconds since 1970. */
export type RolloutAgent = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  /** 0: a canary. */
  readonly group: number;
  readonly state: RolloutAgentState;
  readonly since: number;
  /** When this state fails, or in `probation` succeeds; undefined while time does not count. */
  readonly deadline: number | undefined;
  /** Why it was skipped. */
  readonly skipped: SkipReason | undefined;
  /** Why it failed, or what it waits for, as a sentence. */
  readonly reason: string | undefined;
  /** What it ran before. */
  readonly before: string | undefined;
};

/** States in which an agent is being changed. */
const IN_FLIGHT: ReadonlySet<RolloutAgentState> = new Set(['offered', 'staged', 'switching', 'probation']);
export const isInFlight = ({ state }: RolloutAgent): boolean => IN_FLIGHT.has(state);

const SETTLED: ReadonlySet<RolloutAgentState> = new Set(['updated', 'failed', 'rolled-back', 'skipped']);
export const isSettled = ({ state }: RolloutAgent): boolean => SETTLED.has(state);
