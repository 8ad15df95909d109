import { type Static, Type } from '@penstock/json-schema';
import {
  closeCodes,
  type DenialReason,
  denialReasons,
  reachStages,
  type SkipReason,
  skipReasons,
} from '@penstock/wire';
import { agentStates } from './agent-state.ts';
import { Name, Timestamp } from './field.ts';

const Stage = Type.Enum([...reachStages]);
const Reason = Type.Enum(Object.keys(skipReasons) as SkipReason[]);
const Denial = Type.Enum(Object.keys(denialReasons) as DenialReason[]);
const Code = Type.Enum(Object.keys(closeCodes) as (keyof typeof closeCodes)[]);
const Outcome = Type.Union([Type.Literal('ok'), Code]);
const Milliseconds = Type.Number({ minimum: 0 });

export const ExplainedAgentResource = Type.Object({
  name: Name,
  state: Type.Enum([...agentStates]),
  message: Type.String(),
  detail: Type.Optional(Type.String()),
  skipReason: Type.Optional(Reason),
  skipMessage: Type.Optional(Type.String()),
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
  outcome: Type.Union([Type.Literal('ok'), Code], {
    description:
      '`ok`, or why the target was not reached, or how the connection ended if it did not end normally.',
  }),
  detail: Type.Optional(Type.String()),
  connection: Type.Optional(
    Type.Object(
      {
        id: Type.String(),
        state: Type.Enum(['opening', 'open', 'closed', 'failed']),
        endedAt: Type.Optional(Timestamp),
        resumes: Type.Integer({ description: 'How often it continued over another session of its agent.' }),
        adriftSince: Type.Optional({
          ...Timestamp,
          description: 'Present while it has no session and waits for one.',
        }),
      },
      { description: 'What has become of the connection; its entry in the connection log has the same ID.' },
    ),
  ),
  milliseconds: Milliseconds,
  waitedMilliseconds: Type.Number({ minimum: 0, description: 'How much of that was spent in the queue.' }),
  tries: Type.Array(
    Type.Object({
      agent: Type.String(),
      pool: Type.String(),
      replica: Type.Optional(
        Type.String({ description: 'Replica by way of which the agent was asked, if not this one.' }),
      ),
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
      message: Type.String(),
    }),
    { description: 'Agents that were not tried, and why. Empty if the first choice succeeded.' },
  ),
});
export type ConnectionAttempt = Static<typeof ConnectionAttempt>;

export const ExplainQuery = Type.Object({
  client: Type.Optional(
    Type.Unsafe<string>({
      anyOf: [
        { type: 'string', format: 'ipv4' },
        { type: 'string', format: 'ipv6', maxLength: 45 },
      ],
      description: 'IP address of a client: says whether it is allowed, and by which range.',
    }),
  ),
});

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
    message: Type.String(),
    advice: Type.String(),
    command: Type.Optional(Type.String({ description: 'The command of penstock-gateway for it.' })),
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
  denials: Type.Object(
    {
      total: Type.Integer(),
      reasons: Type.Array(Type.Object({ reason: Denial, count: Type.Integer() })),
      addresses: Type.Array(
        Type.Object({
          address: Type.String(),
          at: Timestamp,
          count: Type.Integer(),
          reason: Denial,
          message: Type.String(),
          detail: Type.String(),
          ingress: Type.Optional(
            Type.String({
              description:
                'Set when it is not known which connection of this shared ingress the client wanted.',
            }),
          ),
        }),
        { description: 'The source addresses that were denied last, newest first; at most ten.' },
      ),
    },
    {
      description: 'Clients that were denied since the gateway started, those of shared ingresses included.',
    },
  ),
  client: Type.Optional(
    Type.Object(
      {
        address: Type.String(),
        ingress: Type.Array(
          Type.Object({
            kind: Type.String(),
            listen: Type.String(),
            host: Type.Optional(Type.String()),
            allowed: Type.Boolean(),
            range: Type.Optional(Type.String({ description: 'The range of `allow` that has the address.' })),
            allow: Type.Array(Type.String()),
            needsGrant: Type.Boolean({ description: 'Whether the client needs a grant as well.' }),
          }),
        ),
      },
      { description: 'For `?client=ADDRESS`: whether a client with this source address is allowed.' },
    ),
  ),
});
export type ExplanationResource = Static<typeof ExplanationResource>;
