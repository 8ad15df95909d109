import { type Static, Type } from '@penstock/json-schema';

/** What can be done with an agent. */
export const agentOperations = [
  'drain',
  'resume',
  'restart',
  'revoke',
  'pin',
  'unpin',
  'probe',
  'check',
  'logs',
  'config',
] as const;
export type AgentOperation = (typeof agentOperations)[number];

/** Why an operation is not possible now. */
export const operationObstacles = [
  'ROLE_INSUFFICIENT',
  'AGENT_REVOKED',
  'AGENT_OFFLINE',
  'AGENT_REFUSED',
  'NOT_NEEDED',
] as const;

const Operation = Type.Object({
  allowed: Type.Boolean({ description: 'Whether the caller may do it now.' }),
  approval: Type.Boolean({ description: 'Whether an admin has to approve it.' }),
  code: Type.Optional(
    Type.Enum([...operationObstacles], {
      description:
        'Why not: `AGENT_REFUSED` is the `policy` in agent.yaml; `NOT_NEEDED`: it would change nothing.',
    }),
  ),
  reason: Type.Optional(Type.String({ description: 'The same for people.' })),
});
export type OperationResource = Static<typeof Operation>;

export const AgentOperations = Type.Object({
  drain: Operation,
  resume: Operation,
  restart: Operation,
  revoke: Operation,
  pin: Operation,
  unpin: Operation,
  probe: Operation,
  check: Operation,
  logs: Operation,
  config: Operation,
});
export type AgentOperations = Static<typeof AgentOperations>;
