import type { FastifyReply } from 'fastify';
import type { Performed } from '../approvals/approvals.ts';
import { type ApprovalResource, approvalResource } from './approval-resource.ts';

/** What an action gave; or, with 202, the approval it waits for. */
export function answerOf<Value, Resource>(
  performed: Performed<Value>,
  reply: Pick<FastifyReply, 'code'>,
  toResource: (value: Value) => Resource,
): Resource | ApprovalResource {
  if (performed.kind === 'done') return toResource(performed.value);
  void reply.code(202);
  return approvalResource(performed.approval);
}
