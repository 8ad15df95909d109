import type { GatewayTarget } from './dial-gateway.ts';
import { type PlainRequestOptions, plainRequest } from './plain-request.ts';

export type PostAnswer = { readonly status: number; readonly body: unknown; readonly retryAfter?: number };

/** Enrollment and renewal: one plain request each. Throws GatewayError; an answer with any status is an answer. */
export function post(
  target: GatewayTarget,
  options: PlainRequestOptions,
  path: string,
  body: unknown,
): Promise<PostAnswer> {
  return plainRequest(target, options, { method: 'POST', path, body });
}
