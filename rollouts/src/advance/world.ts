import type { SkipReason } from '../rollout.ts';
import type { Opening } from '../schedule/schedule.ts';

/** What is known of an agent at the moment. */
export type AgentFacts = {
  readonly isConnected: boolean;
  /**
   * Whether it has reported since it connected, as an agent does at once. Until then, its updater, its policy and its progress are
   * those of before, or unknown after a restart of the gateway.
   */
  readonly hasReported: boolean;
  /** When its last session ended; undefined while it has one, or if that is not known. */
  readonly awaySince?: number | undefined;
  /** Whether it accepts opens. */
  readonly isReady: boolean;
  /** Whether it runs the target. */
  readonly runsTarget: boolean;
  /** What it runs, for people. */
  readonly runs: string | undefined;
  /** Whether its owner's file denies upgrades. */
  readonly isDenied: boolean;
  /** What upgrades it: nothing on its host, so that somebody has to deploy the target; or an updater, and how far it is. */
  readonly upgrader: 'none' | 'host';
  /** Whether its owner's file allows upgrades in windows only, even if somebody has the rollout go on regardless. */
  readonly needsWindow: boolean;
  /** Reported by the updater, for this rollout. */
  readonly progress:
    | { readonly state: 'staged' | 'waiting' | 'switching' | 'probation' | 'committed' }
    | { readonly state: 'failed' | 'rolled-back'; readonly detail: string }
    /** It will not switch, for a reason that says nothing about the version. */
    | { readonly state: 'declined'; readonly skipped: SkipReason; readonly detail: string }
    | undefined;
};

/** The fleet at one moment. */
export type World = {
  readonly now: number;
  /** Undefined for an agent that was revoked or removed. */
  agent(id: string): AgentFacts | undefined;
  pool(name: string): { readonly ready: number; readonly minReady: number; readonly size: number };
  opening(pool: string): Opening;
  /** Whether what has begun in a window may be finished after it. */
  finishesLate(pool: string): boolean;
  /** The fault of an agent that runs the target, as a sentence. */
  faultOf(id: string): string | undefined;
  /** Whether an agent that goes back was permitted to leave a moment ago. */
  isLeaving(id: string): boolean;
  /** What the agent's last reading has found, as a sentence, although that is not enough to fail it. */
  doubtOf(id: string): string | undefined;
};
