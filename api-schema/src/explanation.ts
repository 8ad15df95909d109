import { closeCodes, reachStages, type SkipReason, skipReasons } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import { agentStates } from './agent-state.ts';
import { Name, Timestamp } from './field.ts';

const Stage = Type.Enum([...reachStages]);
const Reason = Type.Enum(Object.keys(skipReasons) as SkipReason[]);
const Code = Type.Enum(Object.keys(closeCodes) as (keyof typeof closeCodes)[]);
const Outcome = Type.Union([Type.Literal('ok'), Code]);
const Milliseconds = Type.Number({ minimum: 0 });

export const ExplainedAgentResource = Type.Object({
  name: Name,
  state: Type.Enum([...agentStates]),
  sentence: Type.String(),
  detail: Type.Optional(Type.String()),
  skipReason: Type.Optional(Reason),
  skipSentence: Type.Optional(Type.String()),
  streams: Type.Integer(),
  problem: Type.Optional(
    Type.String({ description: 'Why the agent did not answer the check that this explanation requested.' }),
  ),
  evidence: Type.Optional(
    Type.Object(
      {
        reach: Stage,
        at: Timestamp,
        from: Type.Enum(['check', 'client', 'explain'], {
          description:
            "The agent's own check, a client connection, or a check that was made for this explanation.",
        }),
        detail: Type.Optional(Type.String()),
      },
      { description: 'The stage reached through this agent at the most recent attempt.' },
    ),
  ),
});
export type ExplainedAgentResource = Static<typeof ExplainedAgentResource>;

export const ConnectionAttempt = Type.Object({
  at: Timestamp,
  client: Type.String(),
  outcome: Outcome,
  detail: Type.Optional(Type.String()),
  milliseconds: Milliseconds,
  waitedMilliseconds: Type.Number({ minimum: 0, description: 'How much of that was spent in the queue.' }),
  tries: Type.Array(
    Type.Object({
      agent: Type.String(),
      pool: Type.String(),
      milliseconds: Milliseconds,
      outcome: Outcome,
      detail: Type.Optional(Type.String()),
    }),
  ),
  skipped: Type.Array(
    Type.Object({
      pool: Type.String(),
      agent: Type.Optional(Type.String()),
      reason: Reason,
      sentence: Type.String(),
    }),
    { description: 'Agents that were not tried, and why. Empty if the first choice succeeded.' },
  ),
});
export type ConnectionAttempt = Static<typeof ConnectionAttempt>;

/** Why a connection works or fails. */
export const ExplanationResource = Type.Object({
  connection: Type.String(),
  connector: Type.String(),
  verdict: Type.Object({
    reach: Type.Optional(
      Type.Enum([...reachStages], {
        description: 'Missing when it is not known whether the target answers.',
      }),
    ),
    sentence: Type.String(),
    advice: Type.String(),
    detail: Type.Optional(Type.String()),
    at: Type.Optional(Timestamp),
    agent: Type.Optional(Name),
  }),
  pools: Type.Array(
    Type.Object({
      name: Type.String(),
      queue: Type.Object({ waiting: Type.Integer(), limit: Type.Integer() }),
      counts: Type.Record(Type.String(), Type.Integer(), {
        description: 'Agents by what a new client would find: `usable`, or why they are skipped.',
      }),
      agents: Type.Array(ExplainedAgentResource),
    }),
  ),
  attempts: Type.Array(ConnectionAttempt),
});
export type ExplanationResource = Static<typeof ExplanationResource>;
