import Type, { type Static } from 'typebox';

/** What the API answers where an action waits for an admin. */
export const Approval = Type.Object({
  id: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  pool: Type.String(),
  arguments: Type.Unknown(),
  state: Type.String(),
  requestedAt: Type.String(),
  requestedBy: Type.String(),
  expiresAt: Type.String(),
  decidedAt: Type.Optional(Type.String()),
  decidedBy: Type.Optional(Type.String()),
  outcome: Type.Optional(Type.String()),
});
export type Approval = Static<typeof Approval>;
