import { approvalActions } from '@penstock/config-schema/vocabulary';
import { type Static, Type } from '@penstock/json-schema';
import { Timestamp } from './field.ts';
import { PageQuery, pageOf } from './page.ts';

export const approvalStates = ['pending', 'approved', 'denied', 'expired', 'done', 'failed'] as const;
export type ApprovalState = (typeof approvalStates)[number];

export const ApprovalQuery = Type.Object(
  {
    ...PageQuery.properties,
    state: Type.Optional(Type.Enum(['pending'], { description: 'Only approvals that are still pending.' })),
  },
  { additionalProperties: false },
);

export const ApprovalResource = Type.Object({
  id: Type.String(),
  action: Type.Enum([...approvalActions]),
  subject: Type.String({ description: '`agent:NAME`, `pool:NAME` or `rollout:ID`.' }),
  pool: Type.String(),
  arguments: Type.Unknown({ description: 'Arguments of the action.' }),
  state: Type.Enum([...approvalStates], {
    description:
      '`approved`: the action is running. `done` and `failed`: it has run. `expired`: nobody decided in time.',
  }),
  requestedAt: Timestamp,
  requestedBy: Type.String(),
  expiresAt: Timestamp,
  decidedAt: Type.Optional(Timestamp),
  decidedBy: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String({ description: 'Outcome of the action, for people.' })),
});
export type ApprovalResource = Static<typeof ApprovalResource>;

export const ApprovalPage = pageOf(ApprovalResource);

/** What an approved action returned. */
export const ApprovalResult = Type.Object({
  value: Type.Unknown({ description: 'The response that an admin would have received immediately.' }),
});

/** Additional response of routes whose action a pool can subject to approval. */
export const approvalResponse = { 202: ApprovalResource };
