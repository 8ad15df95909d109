import { AgentFacts, paths } from '@penstock/wire';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { GatewayError } from '../tunnel/gateway-error.ts';
import type { PlainAnswer, PlainRequest } from '../tunnel/plain-request.ts';
import { responseError } from '../tunnel/response-body.ts';

/** Enough for a published file and its metadata. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

let validate: ValidateFunction<AgentFacts> | undefined;

/** Compiled when first used, because every command of the agent loads this module. */
function isAgentFacts(body: unknown): body is AgentFacts {
  validate ??= new Ajv2020({ strict: true }).compile<AgentFacts>(AgentFacts);
  return validate(body);
}

/** Queries what the gateway knows about this agent. Throws ProblemError when the gateway refuses, or GatewayError. */
export async function gatewayFacts(
  send: (request: PlainRequest) => Promise<PlainAnswer>,
): Promise<AgentFacts> {
  const { status, body, retryAfter } = await send({
    method: 'GET',
    path: paths.agent,
    maxBytes: MAX_ANSWER_BYTES,
  });
  if (status !== 200) throw responseError(status, body, retryAfter);
  if (isAgentFacts(body)) return body;
  throw new GatewayError('GATEWAY_PROTOCOL', `It answered ${paths.agent} with an unexpected document.`);
}
