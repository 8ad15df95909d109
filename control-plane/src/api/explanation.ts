import {
  type ConnectionAttempt,
  type ExplainedAgentResource,
  ExplanationResource,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import type { DialRecord, ExplainedAgent, Explanation } from '@penstock/gateway';
import { ProblemError, skipReasons } from '@penstock/wire';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /connections/{name}/explain: why a connection works or fails. */
export function explanationRoutes(
  app: TypedApp,
  explain: (connection: string) => Explanation | undefined,
): void {
  app.get(
    '/connections/:name/explain',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Explain why a connection works or fails',
        description:
          'The stage that connections to the target reach, which agents a new client would use, and the outcome of ' +
          'recent attempts. Based on what this gateway knows; no agent or target is contacted.',
        tags: ['connections'],
        params: NameParams,
        response: { 200: ExplanationResource, ...problemResponses },
      },
    },
    async ({ params: { name } }) => {
      const found = explain(name);
      if (found !== undefined) return resourceOf(found);
      throw new ProblemError('NOT_FOUND', `gateway.yaml has no connection ${name}.`);
    },
  );
}

function resourceOf(explanation: Explanation): ExplanationResource {
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

function agentOf({ why, evidence, ...agent }: ExplainedAgent): ExplainedAgentResource {
  return {
    ...agent,
    ...(why && { skipReason: why, skipSentence: skipReasons[why] }),
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

function attemptOf(record: DialRecord): ConnectionAttempt {
  const { at, client, milliseconds, waited, failure, tries, passedOver } = record;
  return {
    at: timestamp(at),
    client,
    ...outcomeOf(failure),
    milliseconds,
    waitedMilliseconds: waited,
    tries: tries.map(({ failure: each, ...rest }) => ({ ...rest, ...outcomeOf(each) })),
    skipped: passedOver.map(({ agent, why, pool }) => ({
      pool,
      ...(agent !== undefined && { agent }),
      reason: why,
      sentence: skipReasons[why],
    })),
  };
}

function outcomeOf(failure: DialRecord['failure']) {
  if (failure === undefined) return { outcome: 'ok' as const };
  return { outcome: failure.code, detail: failure.detail };
}
