import { approvableActions } from '@penstock/config-schema';
import type { ApprovalRow } from '@penstock/store';
import Type, { type Static } from 'typebox';
import { Timestamp, timestamp } from './schema.ts';

export const approvalStates = ['pending', 'approved', 'denied', 'expired', 'done', 'failed'] as const;

/** An approval as the API shows it. */
export const ApprovalResource = Type.Object({
  id: Type.String(),
  action: Type.Enum([...approvableActions]),
  subject: Type.String({ description: '`agent:NAME` or `pool:NAME`.' }),
  pool: Type.String(),
  arguments: Type.Unknown({ description: 'What the action was asked for with.' }),
  state: Type.Enum([...approvalStates], {
    description: '`approved` runs; `done` and `failed` ran. What nobody decided in time is `expired`.',
  }),
  requestedAt: Timestamp,
  requestedBy: Type.String(),
  expiresAt: Timestamp,
  decidedAt: Type.Optional(Timestamp),
  decidedBy: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String({ description: 'What came of it, for people.' })),
});
export type ApprovalResource = Static<typeof ApprovalResource>;

/** For routes whose action may have to wait: add it to `response`, and send what `approvalResource` gives with 202. */
export const waitingAnswer = { 202: ApprovalResource };

export function approvalResource(
  row: ApprovalRow,
  state: (typeof approvalStates)[number] = row.state,
): ApprovalResource {
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
