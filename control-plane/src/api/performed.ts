import type { ApprovalResource } from '@penstock/api-schema';
import type { FastifyReply } from 'fastify';
import type { Performed } from '../approvals/approvals.ts';
import { approvalResource } from './approval-resource.ts';

/** The result of an action or, with status 202, the approval that it requires. */
export function answerOf<Value, Resource>(
  performed: Performed<Value>,
  reply: Pick<FastifyReply, 'code'>,
  toResource: (value: Value) => Resource,
): Resource | ApprovalResource {
  if (performed.kind === 'done') return toResource(performed.value);
  void reply.code(202);
  return approvalResource(performed.approval);
}
