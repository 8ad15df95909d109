import { type Static, Type } from '@penstock/json-schema';
import { TIME, Timestamp } from './field.ts';
import { ListingFormat, PageQuery, pageOf } from './page.ts';

export const AuditQuery = Type.Object(
  {
    ...PageQuery.properties,
    actor: Type.Optional(Type.String({ maxLength: 2_400, description: 'Only entries of this actor.' })),
    action: Type.Optional(Type.String({ maxLength: 64, description: 'Only entries with this action.' })),
    subject: Type.Optional(Type.String({ maxLength: 192, description: 'Only entries about this subject.' })),
    since: Type.Optional(Type.String({ ...TIME, description: 'Only entries from this time on. RFC 3339.' })),
    until: Type.Optional(Type.String({ ...TIME, description: 'Only entries before this time. RFC 3339.' })),
    text: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description:
          'Only entries with this text in the action, the subject, the actor, or the values before and after.',
      }),
    ),
    format: ListingFormat,
  },
  { additionalProperties: false },
);

export const AuditEntry = Type.Object({
  id: Type.String(),
  at: Timestamp,
  actor: Type.String({
    description:
      '`admin-token:ID`, `oidc:ISSUER SUBJECT`, `enrollment-token:ID`, `agent:ID`, or `host` for a command run on the ' +
      'gateway host.',
  }),
  action: Type.String(),
  subject: Type.String(),
  address: Type.Optional(Type.String({ description: 'Source address of the request.' })),
  before: Type.Optional(Type.Unknown()),
  after: Type.Optional(Type.Unknown()),
});
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditPage = pageOf(AuditEntry);
