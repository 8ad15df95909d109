export { type Advanced, advance, cancel, pause, resume } from './advance/advance.ts';
export { maySwitch, type SwitchDecision } from './advance/may-switch.ts';
export { SWITCH_START_MS } from './advance/permission.ts';
export { isBeingTried, isRetriable, retry } from './advance/retry.ts';
export type { AgentFacts, World } from './advance/world.ts';
export { type Fault, faults } from './judge/faults.ts';
export { Judge, type JudgeOptions } from './judge/judge.ts';
export { durationBucket, type OpenCounts, type Reading } from './judge/reading.ts';
export { inRolloutOrder } from './plan/order.ts';
export { type Candidate, MAX_CANARIES, type Plan, planRollout } from './plan/plan.ts';
export {
  type ActiveStage,
  isFinal,
  isInFlight,
  isSettled,
  type Rollout,
  type RolloutAgent,
  type RolloutAgentState,
  type RolloutSettings,
  type RolloutState,
  type RolloutTarget,
  rolloutAgentStates,
  rolloutStates,
  type SkipReason,
  type Stage,
  skipReasons,
} from './rollout.ts';
export {
  type Freeze,
  type MaintenanceWindow,
  type Opening,
  openingAt,
  type Schedule,
} from './schedule/schedule.ts';
