import {
  AgentConfigResource,
  agentRequestBody,
  agentRequestResponse,
  approvalResponse,
  hasAnswer,
  NameParams,
  problemResponses,
} from '@penstock/api-schema';
import {
  type AgentRequestDescriptor,
  type ArgumentsOf,
  agentRequests,
  effectiveConfigRequest,
  type ProbeStage,
} from '@penstock/wire';
import type { AgentRequests } from '../requests/agent-requests.ts';
import { answerOf } from './performed.ts';
import type { ApiFailure } from './problem-handler.ts';
import { stagedAnswer, wantsStages } from './staged-answer.ts';
import type { TypedApp } from './typed-app.ts';

/** /agents/{name}/…: a route for each request to an agent, derived from its descriptor. */
export function agentRequestRoutes(
  app: TypedApp,
  agents: AgentRequests,
  report: (failure: ApiFailure) => void,
  requests: readonly AgentRequestDescriptor[] = agentRequests,
): void {
  for (const request of requests) addRoute(app, agents, request, report);

  app.get(
    '/agents/:name/config',
    {
      config: { role: effectiveConfigRequest.role },
      schema: {
        summary: 'Get the configuration an agent runs',
        description:
          'With defaults filled in and references resolved; secrets are shown as their references. Requested from the ' +
          'agent, and therefore recorded in the audit trail.',
        tags: ['agents'],
        params: NameParams,
        response: { 200: AgentConfigResource, ...problemResponses },
      },
    },
    ({ params: { name }, actor }) => agents.config(name, actor),
  );
}

const STAGES =
  'With `Accept: application/x-ndjson`, the answer is a line of JSON for each stage as it finishes, and a last one with ' +
  '`result` or `problem`.';

function addRoute(
  app: TypedApp,
  agents: AgentRequests,
  request: AgentRequestDescriptor,
  report: (failure: ApiFailure) => void,
): void {
  const { route, role, approvable } = request;
  if (route === undefined) return;
  const { path, summary, description } = route;
  const body = agentRequestBody(request);
  const hasStages = 'stages' in request.answer.properties;
  app.post(
    `/agents/:name/${path}`,
    {
      config: { role },
      schema: {
        summary,
        description: hasStages ? `${description} ${STAGES}` : description,
        ...(hasStages && { produces: ['application/json', 'application/x-ndjson'] }),
        tags: ['agents'],
        params: NameParams,
        ...(body && { body }),
        response: {
          200: agentRequestResponse(request),
          ...(approvable && approvalResponse),
          ...problemResponses,
        },
      },
    },
    async (incoming, reply) => {
      const {
        params: { name },
        body: args,
        actor,
      } = incoming;
      const perform = (onStage?: (stage: ProbeStage) => void) =>
        agents.perform(
          request,
          name,
          body === undefined ? {} : (args as ArgumentsOf<AgentRequestDescriptor>),
          actor,
          onStage,
        );
      if (hasStages && wantsStages(incoming)) {
        const reportFault = (error: unknown) => report({ method: 'POST', path: incoming.url, error });
        return (await stagedAnswer(reply, perform, reportFault)) as never;
      }
      return answerOf(await perform(), reply, (answer) => (hasAnswer(request) ? answer : { name }));
    },
  );
}
