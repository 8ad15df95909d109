import { approvableActions } from '@penstock/config-schema/vocabulary';
import { type Static, type TInteger, Type } from '@penstock/json-schema';
import { type AgentState, agentStates } from './agent-state.ts';
import { Name, StreamCounts } from './field.ts';
import { listOf } from './page.ts';
import { PinImpact } from './pin.ts';

const CountByState = Type.Object(
  Object.fromEntries(agentStates.map((state) => [state, Type.Integer()])) as Record<AgentState, TInteger>,
);

export const PinningMode = Type.Enum(['enforce', 'warn', 'off']);

export const PoolResource = Type.Object({
  name: Name,
  pinning: PinningMode,
  ready: Type.Integer({ description: 'Agents that accept opens.' }),
  minReady: Type.Integer({ description: 'Number of ready agents that the pool needs to be healthy.' }),
  healthy: Type.Boolean(),
  agents: CountByState,
  sessions: Type.Integer(),
  pinned: Type.Integer({ description: 'Agents to which a pin applies.' }),
  inSync: Type.Integer({ description: 'Those of them that run it.' }),
  streams: StreamCounts,
  queue: Type.Object({ waiting: Type.Integer(), limit: Type.Integer() }),
  requireApproval: Type.Array(Type.Enum([...approvableActions]), {
    description: 'Actions of operators that require the approval of an admin.',
  }),
});
export type PoolResource = Static<typeof PoolResource>;

export const PoolPreviewQuery = Type.Object({ pinning: PinningMode }, { additionalProperties: false });

/** What another pinning mode would do to the agents of a pool. Nothing is changed. */
export const PoolPreview = Type.Object({
  name: Name,
  from: Type.Enum(['enforce', 'warn', 'off'], { description: 'Pinning mode in force.' }),
  to: PinningMode,
  ...PinImpact.properties,
});
export type PoolPreview = Static<typeof PoolPreview>;

export const PoolList = listOf(PoolResource);
