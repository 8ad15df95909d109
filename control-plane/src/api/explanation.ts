import { isIP } from 'node:net';
import {
  type ConnectionAttempt,
  type ExplainedAgentResource,
  ExplainQuery,
  ExplanationResource,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import {
  closeCodes,
  type DenialReason,
  denialReasons,
  isCloseCode,
  ProblemError,
  skipReasons,
} from '@penstock/wire';
import type { DialFailure, DialReport, SourceAccess } from '../data-plane-port.ts';
import type { ExplainedAgent, Explanation } from '../fleet/explanation.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /connections/{name}/explain: why a connection works or fails. */
export function explanationRoutes(
  app: TypedApp,
  explain: (connection: string, client: string | undefined) => Promise<Explanation | undefined>,
): void {
  app.get(
    '/connections/:name/explain',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Explain why a connection works or fails',
        description:
          'The stage that connections to the target reach, which agents a new client would use, and the outcome of ' +
          'recent attempts. Up to three usable agents are asked to check the target now; a result is reused for two seconds. Without a recent observation `verdict.reach` is missing: ' +
          'it is not known whether the target answers.',
        tags: ['connections'],
        params: NameParams,
        querystring: ExplainQuery,
        response: { 200: ExplanationResource, ...problemResponses },
      },
    },
    async ({ params: { name }, query: { client } }) => {
      if (client !== undefined && isIP(client) === 0) {
        throw new ProblemError('REQUEST_INVALID', `client is ${client}, which is not an IP address.`);
      }
      const found = await explain(name, client);
      if (found !== undefined) return resourceOf(found);
      throw new ProblemError('NOT_FOUND', `gateway.yaml has no connection ${name}.`);
    },
  );
}

function resourceOf(explanation: Explanation): ExplanationResource {
  const { verdict, pools, attempts, connection, connector, source } = explanation;
  const { reach, message, advice, command, detail, at, agent } = verdict;
  return {
    connection,
    connector,
    verdict: {
      message,
      advice,
      ...(command !== undefined && { command }),
      ...(reach && { reach }),
      ...(detail !== undefined && { detail }),
      ...(at !== undefined && { at: timestamp(at) }),
      ...(agent !== undefined && { agent }),
    },
    pools: pools.map(({ agents, counts, ...pool }) => ({
      ...pool,
      counts: { ...counts },
      agents: agents.map(agentOf),
    })),
    attempts: attempts.map(attemptOf),
    denials: denialsOf(explanation),
    ...(source && { client: { address: source.address, ingress: source.ingresses.map(accessOf) } }),
  };
}

function denialsOf({ denials: { counts, addresses } }: Explanation): ExplanationResource['denials'] {
  return {
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
    reasons: (Object.entries(counts) as [DenialReason, number][]).map(([reason, count]) => ({
      reason,
      count,
    })),
    addresses: addresses.map(({ at, ingress, reason, ...each }) => ({
      ...each,
      at: timestamp(at),
      reason,
      message: denialReasons[reason],
      ...(ingress !== undefined && { ingress }),
    })),
  };
}

function accessOf({ kind, listen, host, range, allow, needsGrant }: SourceAccess) {
  return {
    kind,
    listen,
    ...(host !== undefined && { host }),
    allowed: range !== undefined,
    ...(range !== undefined && { range }),
    allow: [...allow],
    needsGrant,
  };
}

function agentOf(agent: ExplainedAgent): ExplainedAgentResource {
  const { name, state, message, detail, skipReason, streams, evidence, problem } = agent;
  return {
    name,
    state,
    message,
    ...(detail !== undefined && { detail }),
    streams,
    ...(problem !== undefined && { problem }),
    ...(skipReason && { skipReason, skipMessage: skipReasons[skipReason] }),
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

function attemptOf(report: DialReport): ConnectionAttempt {
  const { at, client, milliseconds, waited, tries, skipped, entry } = report;
  return {
    at: timestamp(at),
    client,
    ...outcomeOf(failureOf(report)),
    ...(entry && { connection: connectionOf(entry) }),
    milliseconds,
    waitedMilliseconds: waited,
    tries: tries.map(({ failure: each, replica, ...rest }) => ({
      ...rest,
      ...(replica !== undefined && { replica }),
      ...outcomeOf(each),
    })),
    skipped: skipped.map(({ agent, reason, pool }) => ({
      pool,
      ...(agent !== undefined && { agent }),
      reason,
      message: skipReasons[reason],
    })),
  };
}

/** Why the target was not reached, or how the connection ended since. */
function failureOf({ failure, entry }: DialReport): DialFailure | undefined {
  const code = entry?.status.code;
  if (failure !== undefined || code === undefined || !isCloseCode(code)) return failure;
  return { code, detail: closeCodes[code].message };
}

function connectionOf({
  id,
  status: { state, endedAt, resumes, adriftSince },
}: NonNullable<DialReport['entry']>) {
  return {
    id,
    state,
    resumes,
    ...(endedAt !== undefined && { endedAt: timestamp(endedAt) }),
    ...(adriftSince !== undefined && { adriftSince: timestamp(adriftSince) }),
  };
}

function outcomeOf(failure: DialFailure | undefined) {
  if (failure === undefined) return { outcome: 'ok' as const };
  return { outcome: failure.code, detail: failure.detail };
}
