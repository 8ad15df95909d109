import type { TimeOfDay } from './field/calendar.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** What happens to agents that a closing window leaves behind. */
export const lateModes = ['next', 'finish'] as const;

/** Releases that a gateway rolls out by itself. */
export const releaseChannels = ['stable', 'preview'] as const;
export type ReleaseChannel = (typeof releaseChannels)[number];

/** Releases that are rolled out without an approval. */
export const unapprovedReleases = ['patch'] as const;

export const restartConditions = ['connector-failing', 'heartbeat-missing', 'memory-above'] as const;
export type RestartCondition = (typeof restartConditions)[number];

/** A recurring time in which rollouts may change agents. Durations are milliseconds, here and below. */
export type UpgradeWindow = {
  readonly name: string;
  readonly timeZone: string;
  readonly days: readonly Weekday[];
  readonly start: TimeOfDay;
  readonly length: number;
  readonly late: (typeof lateModes)[number];
};

/** A period without changes; both dates, as `2026-12-28`, belong to it. */
export type UpgradeFreeze = {
  readonly name: string;
  readonly timeZone: string;
  readonly from: string;
  readonly to: string;
  /** Empty: all. */
  readonly pools: readonly string[];
};

/** How rollouts proceed in a pool. */
export type UpgradeSettings = {
  /** Name of a window; undefined: at any time outside of freezes. */
  readonly window: string | undefined;
  /** Undefined: operators create rollouts. */
  readonly channel: ReleaseChannel | undefined;
  readonly withoutApproval: (typeof unapprovedReleases)[number] | undefined;
  readonly canaryPercent: number;
  readonly soak: number;
  readonly groupSoak: number;
  readonly inFlightPercent: number;
  readonly deadline: number;
  readonly probation: number;
  readonly maxFailedPercent: number;
  readonly judgeInterval: number;
};

/** When the control plane restarts agents of a pool by itself. */
export type RestartPolicy = {
  readonly when: readonly RestartCondition[];
  readonly for: number;
  /** Bytes of the agent process. */
  readonly memoryAbove: number;
  readonly atMost: { readonly count: number; readonly per: number };
};
