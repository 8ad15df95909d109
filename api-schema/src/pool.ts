import Type, { type Static, type TInteger } from 'typebox';
import { type AgentState, agentStates } from './agent-state.ts';
import { Name, StreamCounts } from './field.ts';
import { listOf } from './page.ts';

const CountByState = Type.Object(
  Object.fromEntries(agentStates.map((state) => [state, Type.Integer()])) as Record<AgentState, TInteger>,
);

export const PoolResource = Type.Object({
  name: Name,
  pinning: Type.Enum(['enforce', 'warn', 'off']),
  ready: Type.Integer({ description: 'Agents that accept opens.' }),
  minReady: Type.Integer({ description: 'Number of ready agents that the pool needs to be healthy.' }),
  healthy: Type.Boolean(),
  agents: CountByState,
  sessions: Type.Integer(),
  streams: StreamCounts,
  queue: Type.Object({ waiting: Type.Integer(), limit: Type.Integer() }),
});
export type PoolResource = Static<typeof PoolResource>;

export const PoolList = listOf(PoolResource);
