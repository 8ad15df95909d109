import {
  AgentConfigResource,
  approvalResponse,
  Name,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import { agentRequests, ProbeResult } from '@penstock/wire';
import Type from 'typebox';
import type { AgentQuestions } from '../requests/agent-questions.ts';
import { approvalResource } from './approval-resource.ts';
import type { TypedApp } from './typed-app.ts';

const Restarting = Type.Object({ name: Name });

/** Shorter than any client or proxy waits for an answer. */
const LONGEST = 20_000;
const Timeout = Type.Integer({
  minimum: 100,
  maximum: LONGEST,
  default: 10_000,
  description: 'Milliseconds the agent has.',
});

const Probe = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      maxLength: 253,
      description: 'Name or address, as the agent sees it.',
    }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    kind: Type.Optional(
      Type.String({
        maxLength: 32,
        description: 'Kind of connector whose protocol is spoken; `tcp` unless told.',
      }),
    ),
    timeout: Timeout,
  },
  { additionalProperties: false },
);

const Check = Type.Object({ connector: Name, timeout: Timeout }, { additionalProperties: false });

const LogsQuestion = Type.Object(
  {
    limit: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 200,
      description: 'The newest lines, at most.',
    }),
    level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error'], {
      default: 'info',
      description: 'The least severe level.',
    }),
  },
  { additionalProperties: false },
);

/** /agents/{name}/…: what an agent is asked for, answered in the same request unless an admin has to approve it. */
export function agentDiagnosticsRoutes(app: TypedApp, questions: AgentQuestions): void {
  const route = (summary: string, description: string) => ({
    summary,
    description,
    tags: ['agents'],
    params: NameParams,
  });

  app.post(
    '/agents/:name/probe',
    {
      config: { role: 'operator' },
      schema: {
        ...route(
          'Probe a host and port from an agent',
          "Climbs from the name to the protocol and says how far it led. The agent's policy.probe decides what may be probed; `reach` is `denied` where it does not allow it.",
        ),
        body: Probe,
        response: { 200: ProbeResult, ...approvalResponse, ...problemResponses },
      },
    },
    async ({ params: { name }, body, actor }, reply) => {
      const done = await questions.probe(name, body, actor);
      return done.kind === 'done' ? done.value : reply.code(202).send(approvalResource(done.approval));
    },
  );

  app.post(
    '/agents/:name/check',
    {
      config: { role: 'operator' },
      schema: {
        ...route(
          'Check a connector of an agent now',
          'In its own protocol and without credentials. The only way to check a MySQL connector, since a server blocks hosts that do it often.',
        ),
        body: Check,
        response: { 200: ProbeResult, ...problemResponses },
      },
    },
    ({ params: { name }, body, actor }) => questions.check(name, body, actor),
  );

  app.post(
    '/agents/:name/logs',
    {
      config: { role: 'operator' },
      schema: {
        ...route(
          'Recent log lines of an agent',
          'Redacted by the agent before they leave it. Refused where its policy.remote.logs denies them.',
        ),
        body: LogsQuestion,
        response: { 200: agentRequests.logs.value, ...approvalResponse, ...problemResponses },
      },
    },
    async ({ params: { name }, body, actor }, reply) => {
      const done = await questions.logs(name, body, actor);
      return done.kind === 'done' ? done.value : reply.code(202).send(approvalResource(done.approval));
    },
  );

  app.get(
    '/agents/:name/config',
    {
      config: { role: 'operator' },
      schema: {
        ...route(
          'The configuration an agent runs on',
          'Defaults filled in, references resolved, secrets as the references they came from. Asked of the agent, and in the audit trail like every question to one.',
        ),
        response: { 200: AgentConfigResource, ...problemResponses },
      },
    },
    ({ params: { name }, actor }) => questions.config(name, actor),
  );

  app.post(
    '/agents/:name/restart',
    {
      config: { role: 'operator' },
      schema: {
        ...route(
          'Restart an agent',
          'It drains and ends, and its supervisor starts it again. Refused where its policy.remote.restart denies it.',
        ),
        response: { 200: Restarting, ...approvalResponse, ...problemResponses },
      },
    },
    async ({ params: { name }, actor }, reply) => {
      const done = await questions.restart(name, {}, actor);
      return done.kind === 'done' ? { name } : reply.code(202).send(approvalResource(done.approval));
    },
  );
}
