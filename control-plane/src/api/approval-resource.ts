import type { ApprovalResource, ApprovalState } from '@penstock/api-schema';
import type { ApprovalRow } from '@penstock/store';
import { timestamp } from './timestamp.ts';

export function approvalResource(row: ApprovalRow, state: ApprovalState = row.state): ApprovalResource {
  const { id, action, subject, pool, requestedAt, requestedBy, expiresAt, decidedAt, decidedBy, outcome } =
    row;
  return {
    id,
    action: action as ApprovalResource['action'],
    subject,
    pool,
    arguments: JSON.parse(row.arguments),
    state,
    requestedAt: timestamp(requestedAt),
    requestedBy,
    expiresAt: timestamp(expiresAt),
    ...(decidedAt !== null && { decidedAt: timestamp(decidedAt) }),
    ...(decidedBy !== null && { decidedBy }),
    ...(outcome !== null && { outcome }),
  };
}
