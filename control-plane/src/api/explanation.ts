import type { DialRecord, ExplainedAgent, Explanation } from '@penstock/gateway';
import { closeCodes, ProblemError, reachStages, type SkipReason, skipReasons } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import { agentStates } from '../fleet/agent-state.ts';
import { Name, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const ReachStage = Type.Enum([...reachStages]);
const Why = Type.Enum(Object.keys(skipReasons) as SkipReason[]);
const Code = Type.Enum(Object.keys(closeCodes) as (keyof typeof closeCodes)[]);
const Millis = Type.Number({ minimum: 0 });

const Agent = Type.Object({
  name: Name,
  state: Type.Enum([...agentStates]),
  sentence: Type.String(),
  why: Type.Optional(Why),
  whySentence: Type.Optional(Type.String()),
  streams: Type.Integer(),
  evidence: Type.Optional(
    Type.Object(
      {
        reach: ReachStage,
        at: Timestamp,
        from: Type.Enum(['check', 'client'], { description: "The agent's own check, or a client." }),
        detail: Type.Optional(Type.String()),
      },
      { description: 'How far the way through this agent led when it was last tried.' },
    ),
  ),
});

const Attempt = Type.Object({
  at: Timestamp,
  client: Type.String(),
  outcome: Type.Union([Type.Literal('ok'), Code]),
  detail: Type.Optional(Type.String()),
  milliseconds: Millis,
  waitedMilliseconds: Type.Number({ minimum: 0, description: 'Of these, in the queue.' }),
  tries: Type.Array(
    Type.Object({
      agent: Type.String(),
      pool: Type.String(),
      milliseconds: Millis,
      outcome: Type.Union([Type.Literal('ok'), Code]),
      detail: Type.Optional(Type.String()),
    }),
  ),
  passedOver: Type.Array(
    Type.Object({
      pool: Type.String(),
      agent: Type.Optional(Type.String()),
      why: Why,
      sentence: Type.String(),
    }),
    { description: 'Why agents were not asked. Empty when the first choice did.' },
  ),
});

const ExplanationResource = Type.Object({
  connection: Type.String(),
  connector: Type.String(),
  verdict: Type.Object({
    reach: Type.Optional(ReachStage),
    sentence: Type.String(),
    advice: Type.String(),
    detail: Type.Optional(Type.String()),
  }),
  pools: Type.Array(
    Type.Object({
      name: Type.String(),
      queue: Type.Object({ waiting: Type.Integer(), limit: Type.Integer() }),
      agents: Type.Array(Agent),
    }),
  ),
  attempts: Type.Array(Attempt),
});

const Params = Type.Object({ name: Name });

/** /connections/{name}/explain: why a connection works or does not. */
export function explanationRoutes(
  app: TypedApp,
  explain: (connection: string) => Explanation | undefined,
): void {
  app.get(
    '/connections/:name/explain',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Why a connection works or does not',
        description:
          'How far the way to the target leads now, what would become of a client that came, and what became of the ' +
          'last ones. Asks nobody: it tells what this gateway knows.',
        tags: ['connections'],
        params: Params,
        response: { 200: ExplanationResource, ...problems },
      },
    },
    async ({ params: { name } }) => {
      const found = explain(name);
      if (found !== undefined) return resourceOf(found);
      throw new ProblemError('NOT_FOUND', `gateway.yaml has no connection ${name}.`);
    },
  );
}

function resourceOf(explanation: Explanation): Static<typeof ExplanationResource> {
  const { verdict, pools, attempts, connection, connector } = explanation;
  const { reach, sentence, advice, detail } = verdict;
  return {
    connection,
    connector,
    verdict: { sentence, advice, ...(reach && { reach }), ...(detail !== undefined && { detail }) },
    pools: pools.map(({ agents, ...pool }) => ({ ...pool, agents: agents.map(agentOf) })),
    attempts: attempts.map(attemptOf),
  };
}

function agentOf({ why, evidence, ...agent }: ExplainedAgent): Static<typeof Agent> {
  return {
    ...agent,
    ...(why && { why, whySentence: skipReasons[why] }),
    ...(evidence && {
      evidence: {
        reach: evidence.reach,
        at: timestamp(evidence.at),
        from: evidence.from,
        ...(evidence.detail !== undefined && { detail: evidence.detail }),
      },
    }),
  };
}

function attemptOf(record: DialRecord): Static<typeof Attempt> {
  const { at, client, milliseconds, waited, failure, tries, passedOver } = record;
  return {
    at: timestamp(at),
    client,
    ...outcomeOf(failure),
    milliseconds,
    waitedMilliseconds: waited,
    tries: tries.map(({ failure: each, ...rest }) => ({ ...rest, ...outcomeOf(each) })),
    passedOver: passedOver.map(({ agent, why, pool }) => ({
      pool,
      ...(agent !== undefined && { agent }),
      why,
      sentence: skipReasons[why],
    })),
  };
}

function outcomeOf(failure: DialRecord['failure']) {
  if (failure === undefined) return { outcome: 'ok' as const };
  return { outcome: failure.code, detail: failure.detail };
}
