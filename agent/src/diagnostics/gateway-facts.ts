import { AgentFacts, paths } from '@penstock/wire';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { GatewayError } from '../tunnel/gateway-error.ts';
import type { PlainAnswer, PlainRequest } from '../tunnel/plain-request.ts';
import { refusalOf } from '../tunnel/read-body.ts';

/** A published file and what stands around it. */
const MOST = 4 * 1024 * 1024;

const isAgentFacts = new Ajv2020({ strict: true }).compile<AgentFacts>(AgentFacts);

/** What the gateway knows of this agent. Throws ProblemError when it refuses, and GatewayError. */
export async function gatewayFacts(
  ask: (request: PlainRequest) => Promise<PlainAnswer>,
): Promise<AgentFacts> {
  const { status, body, retryAfter } = await ask({ method: 'GET', path: paths.agent, most: MOST });
  if (status !== 200) throw refusalOf(status, body, retryAfter);
  if (isAgentFacts(body)) return body;
  throw new GatewayError('GATEWAY_PROTOCOL', `It answered ${paths.agent} with what is no answer to it.`);
}
