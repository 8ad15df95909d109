import { alertConditions } from '@penstock/config-schema/vocabulary';
import { type Static, Type } from '@penstock/json-schema';
import { type Reach, reachStages } from '@penstock/wire';
import { agentConditions, agentStates } from './agent-state.ts';
import { Name, Timestamp } from './field.ts';

export const attentionSeverities = ['critical', 'warning', 'notice'] as const;

/** One thing that is wrong, for all agents that have it in common. */
export const AttentionItem = Type.Object({
  severity: Type.Enum([...attentionSeverities], {
    description: '`critical`: clients cannot connect, or soon cannot. `notice`: someone wanted it so.',
  }),
  code: Type.Enum(
    [...Object.keys(agentConditions), ...alertConditions, 'STORE_UNAVAILABLE', 'GATEWAY_NOT_READY'],
    { description: 'A condition of agents, of alerts, or of the gateway itself.' },
  ),
  state: Type.Optional(Type.Enum([...agentStates])),
  pool: Type.Optional(Name),
  connector: Type.Optional(Type.String()),
  reach: Type.Optional(
    Type.Enum(reachStages as Reach[], { description: 'Where the checks of the connector stop.' }),
  ),
  count: Type.Integer({ description: 'Agents concerned; 0 if it is not about agents.' }),
  since: Type.Optional(Timestamp),
  message: Type.String(),
  advice: Type.String(),
  detail: Type.Optional(
    Type.String({ description: 'What is specific to the group, or the same for all its agents.' }),
  ),
  agents: Type.Array(Name, { description: 'Some of the agents.' }),
  connections: Type.Array(Type.String(), {
    description: 'Some of the connections whose clients can notice it.',
  }),
  connectionsTotal: Type.Integer(),
});
export type AttentionItem = Static<typeof AttentionItem>;

export const AttentionList = Type.Object({
  items: Type.Array(AttentionItem, { description: 'The most severe first; at most 200.' }),
  total: Type.Integer(),
  at: Timestamp,
  asOf: Type.String({ description: 'ID of the last event that the list reflects.' }),
  complete: Type.Boolean({ description: 'False while the store is unavailable.' }),
});
