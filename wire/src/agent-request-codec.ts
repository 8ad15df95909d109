import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import {
  type AgentAction,
  type AgentAnswer,
  type AgentArguments,
  agentActions,
  agentRequests,
} from './agent-request.ts';
import { RequestError } from './request-error.ts';

/** A request whose arguments are known to be those of its action. */
export type AgentRequest = {
  [Action in AgentAction]: { readonly action: Action; readonly arguments: AgentArguments<Action> };
}[AgentAction];

const ajv = new Ajv2020({ strict: true, allErrors: false });
const validators = new Map<string, { readonly asked: ValidateFunction; readonly value: ValidateFunction }>(
  agentActions.map((action) => [
    action,
    { asked: ajv.compile(agentRequests[action].arguments), value: ajv.compile(agentRequests[action].value) },
  ]),
);

/** Throws RequestError REQUEST_UNKNOWN or REQUEST_MALFORMED. */
export function readAgentRequest(action: string, asked: unknown): AgentRequest {
  const validate = validators.get(action)?.asked;
  if (validate === undefined) {
    throw new RequestError('REQUEST_UNKNOWN', `This release of the agent does not know ${action}.`);
  }
  if (!validate(asked)) {
    const [problem] = validate.errors ?? [];
    throw new RequestError(
      'REQUEST_MALFORMED',
      `The arguments of ${action} are malformed: ${problem?.instancePath ?? ''} ${problem?.message ?? ''}.`,
    );
  }
  return { action, arguments: asked } as AgentRequest;
}

/** The answer to an action, or undefined when it is not one. */
export function readAgentAnswer<Action extends AgentAction>(
  action: Action,
  value: unknown,
): AgentAnswer<Action> | undefined {
  return validators.get(action)?.value(value) === true ? (value as AgentAnswer<Action>) : undefined;
}
