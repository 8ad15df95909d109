import { type Static, Type } from '@penstock/json-schema';
import { type Reach, reachStages } from '@penstock/wire';
import { AgentOperations } from './agent-operations.ts';
import { agentConditions, agentStates, type ConditionCode } from './agent-state.ts';
import { Name, StreamCounts, Timestamp } from './field.ts';

const Stamp = Type.Object({ version: Type.Integer(), digest: Type.String() });

export const AgentReason = Type.Object({
  code: Type.Enum(Object.keys(agentConditions) as ConditionCode[]),
  state: Type.Enum([...agentStates]),
  since: Timestamp,
  message: Type.String(),
  advice: Type.String(),
  command: Type.Optional(Type.String({ description: 'The command of penstock-gateway for it.' })),
  detail: Type.Optional(Type.String()),
});
export type AgentReason = Static<typeof AgentReason>;

const ConnectorCheck = Type.Object({
  connector: Type.String(),
  reach: Type.Enum(reachStages as Reach[], {
    description: 'The stage at which the check stopped; `ready` if it passed all of them.',
  }),
  at: Timestamp,
  milliseconds: Type.Optional(Type.Number()),
  detail: Type.Optional(Type.String()),
});

/** An agent. Fields reported over a session are absent until the agent has connected to this gateway process. */
export const AgentResource = Type.Object({
  id: Type.String(),
  name: Name,
  pool: Name,
  ...AgentReason.properties,
  reasons: Type.Array(AgentReason, { description: 'All conditions that apply, most important first.' }),
  enrolledAt: Type.Optional(Timestamp),
  identityNotAfter: Type.Optional(Timestamp),
  drainedAt: Type.Optional(Timestamp),
  connectedSince: Type.Optional(Timestamp),
  lastHeartbeat: Type.Optional(Timestamp),
  address: Type.Optional(Type.String()),
  sessions: Type.Object({
    open: Type.Integer(),
    wanted: Type.Optional(Type.Integer()),
    replicas: Type.Optional(
      Type.Object(
        { reached: Type.Integer(), wanted: Type.Integer() },
        {
          description: 'Replicas of the gateway that the agent has sessions to, of those that it could have.',
        },
      ),
    ),
  }),
  streams: StreamCounts,
  softwareVersion: Type.Optional(Type.String()),
  platform: Type.Optional(Type.Object({ os: Type.String(), arch: Type.String(), node: Type.String() })),
  boots: Type.Array(
    Type.Object({
      id: Type.String(),
      address: Type.String(),
      since: Timestamp,
      sessions: Type.Integer(),
    }),
    { description: 'Processes that use this identity. Two at the same time indicate a cloned identity.' },
  ),
  config: Type.Optional(Stamp),
  pin: Type.Optional(
    Type.Object({
      ...Stamp.properties,
      mode: Type.Enum(['enforce', 'warn', 'off']),
      scope: Type.Enum(['pool', 'agent']),
      drift: Type.Optional(
        Type.Enum(['none', 'version', 'content'], {
          description: '`content` means changed without a new version. Absent while unknown.',
        }),
      ),
    }),
  ),
  connectors: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String(),
        kind: Type.String(),
        addresses: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
  checks: Type.Array(ConnectorCheck),
  clock: Type.Optional(
    Type.Object({
      skewMs: Type.Number({ description: "How far the agent's clock is ahead of the gateway's." }),
      roundTripMs: Type.Number({
        description: 'Round trip to the agent. The clock skew is accurate to half of it.',
      }),
    }),
  ),
  cpu: Type.Optional(Type.Object({ load: Type.Number(), process: Type.Number() })),
  memory: Type.Optional(
    Type.Object({
      totalBytes: Type.Integer(),
      availableBytes: Type.Integer(),
      processBytes: Type.Integer(),
    }),
  ),
  eventLoop: Type.Optional(Type.Object({ p99Ms: Type.Number(), maxMs: Type.Number() })),
});
export type AgentResource = Static<typeof AgentResource>;

export const AgentSample = Type.Object({
  at: Timestamp,
  cpuLoad: Type.Optional(Type.Number()),
  memoryAvailableBytes: Type.Optional(Type.Integer()),
  eventLoopP99Ms: Type.Number(),
  streams: Type.Integer(),
  skewMs: Type.Optional(Type.Number()),
  roundTripMs: Type.Optional(Type.Number()),
});
export type AgentSample = Static<typeof AgentSample>;

/** An agent with its recent samples, oldest first, and what the caller may do with it. */
export const AgentDetail = Type.Object({
  ...AgentResource.properties,
  operations: AgentOperations,
  samples: Type.Array(AgentSample),
});
export type AgentDetail = Static<typeof AgentDetail>;

export const RevokedAgent = Type.Object({
  id: Type.String(),
  name: Name,
  usableTokens: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'IDs of enrollment tokens that this agent has used and that still have uses left: its host could enroll ' +
        'again. Absent if the store did not answer.',
    }),
  ),
});
