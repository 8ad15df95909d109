import { type Static, Type } from '@penstock/json-schema';
import { agentConditions, agentStates, type ConditionCode } from './agent-state.ts';
import { Name, TIME, Timestamp } from './field.ts';
import { PageQuery, pageOf } from './page.ts';

export const HistoryQuery = Type.Object(
  {
    range: Type.Enum(['hour', 'day'], {
      default: 'hour',
      description: '`hour` has a point every 10 seconds, `day` one every minute.',
    }),
  },
  { additionalProperties: false },
);

const column = (description: string) =>
  Type.Array(Type.Unsafe<number | null>({ type: ['number', 'null'] }), { description });

const points = {
  intervalMs: Type.Integer({ description: 'Between two points.' }),
  from: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time of the first point. Absent if there are none.' }),
  ),
};

export const AgentHistory = Type.Object({
  name: Name,
  ...points,
  recorded: Type.Boolean({
    description:
      'False for an agent that has sent no heartbeat in this time, or if too many agents are recorded.',
  }),
  cpuLoad: column('The highest within the point, like all values here; null if there was no heartbeat.'),
  memoryUsed: column('Share of the memory in use, from 0 to 1.'),
  eventLoopP99Ms: column('Delay of the event loop.'),
  streams: column('Open streams.'),
  skewSeconds: column('The clock skew farthest from 0.'),
  roundTripMs: column('Round trip to the agent.'),
});
export type AgentHistory = Static<typeof AgentHistory>;

export const PoolHistory = Type.Object({
  name: Name,
  ...points,
  ready: column('Agents that accept opens; the lowest number within the point.'),
  sessions: column('The lowest number within the point.'),
  streams: column('Open streams; the highest number within the point.'),
  waiting: column('Clients of this gateway that waited for an agent; the highest number within the point.'),
});
export type PoolHistory = Static<typeof PoolHistory>;

export const StateChangeQuery = Type.Object(
  {
    ...PageQuery.properties,
    agent: Type.Optional(Name),
    pool: Type.Optional(Name),
    since: Type.Optional(Type.String({ ...TIME, description: 'Changes from this time on.' })),
    until: Type.Optional(Type.String({ ...TIME, description: 'Changes before this time.' })),
  },
  { additionalProperties: false },
);

const State = Type.Enum([...agentStates]);
const Code = Type.Enum(Object.keys(agentConditions) as ConditionCode[]);

/** An agent entered a state, or stayed in it for another reason. */
export const StateChange = Type.Object({
  id: Type.String(),
  at: Timestamp,
  agent: Name,
  pool: Name,
  state: State,
  code: Code,
  message: Type.String(),
  detail: Type.Optional(Type.String()),
  before: Type.Optional(
    Type.Object({ state: State, code: Code }, { description: 'Absent if the agent was not known before.' }),
  ),
});
export type StateChange = Static<typeof StateChange>;

export const StateChangePage = pageOf(StateChange);
