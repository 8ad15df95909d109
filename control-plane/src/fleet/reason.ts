import { type AgentState, agentStates, type ConditionCode } from '@penstock/api-schema';

/** One condition that holds for an agent. */
export type Reason = {
  readonly code: ConditionCode;
  readonly state: AgentState;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly message: string;
  readonly advice: string;
  /** What is specific to this agent: names, numbers, addresses. */
  readonly detail: string | undefined;
};

const rankOf = (state: AgentState) => agentStates.indexOf(state);

/** Sorts reasons by the importance of their states, the most important first. The sort is stable. */
export function inOrder<Ranked extends { readonly state: AgentState }>(
  reasons: readonly Ranked[],
): readonly Ranked[] {
  return reasons.toSorted((one, other) => rankOf(one.state) - rankOf(other.state));
}
