import { connectorKinds } from '@penstock/config-schema/vocabulary';
import { type TObject, Type } from '@penstock/json-schema';
import type { AgentRequestDescriptor } from '@penstock/wire';
import { Name } from './field.ts';

/** Shorter than clients and proxies usually wait for a response. */
export const MAX_AGENT_TIMEOUT_MS = 20_000;

const Timeout = Type.Integer({
  minimum: 100,
  maximum: MAX_AGENT_TIMEOUT_MS,
  default: 10_000,
  description: 'Milliseconds the agent may take.',
});

const Kind = Type.Optional(
  Type.Enum([...connectorKinds], {
    description: 'Connector kind whose protocol is spoken. The default is `tcp`.',
  }),
);

const hasProperties = ({ properties }: TObject) => Object.keys(properties).length > 0;

/** Body of the route of a request; undefined if the request has no arguments. */
export function agentRequestBody(request: AgentRequestDescriptor): TObject | undefined {
  if (!hasProperties(request.arguments)) return undefined;
  const timeout = request.timeoutMs === 'argument' ? { timeout: Timeout } : {};
  const { properties } = request.arguments;
  const kind = 'kind' in properties ? { kind: Kind } : {};
  return Type.Object({ ...properties, ...kind, ...timeout }, { additionalProperties: false });
}

/** Response of the route of a request: the agent's answer, or its name if the answer has no fields. */
export function agentRequestResponse({ answer }: AgentRequestDescriptor): TObject {
  return hasProperties(answer) ? answer : NamedAgent;
}

/** Whether the answer to a request has fields. */
export const hasAnswer = ({ answer }: AgentRequestDescriptor): boolean => hasProperties(answer);

/** Response to a request whose answer has no fields. */
export const NamedAgent = Type.Object({ name: Name });
