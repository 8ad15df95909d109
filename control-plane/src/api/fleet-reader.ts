import type { AgentView, Sample } from '../fleet/agent-view.ts';

/** The fleet as the API reads it, from memory. */
export type FleetReader = {
  /** Agents by name, those after `cursor`, read lazily. */
  agentsAfter(cursor: string): Iterable<AgentView>;
  agent(name: string): AgentView | undefined;
  samplesOf(id: string): readonly Sample[];
  /** False if the last read of the store failed: agents that have enrolled since then are missing. */
  readonly isComplete: boolean;
};
