import type { AuditRow, Store } from '@penstock/store';
import Type, { type Static } from 'typebox';
import { NextCursor, PageQuery, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const AuditQuery = Type.Object(
  {
    ...PageQuery.properties,
    actor: Type.Optional(Type.String({ maxLength: 128, description: 'Only what this one did.' })),
    action: Type.Optional(Type.String({ maxLength: 64, description: 'Only this action.' })),
    subject: Type.Optional(Type.String({ maxLength: 192, description: 'Only what was done to this.' })),
  },
  { additionalProperties: false },
);

const AuditEntry = Type.Object({
  id: Type.String(),
  at: Timestamp,
  actor: Type.String({
    description:
      '`admin-token:ID`, `enrollment-token:ID`, `agent:ID`, or `host` for a command on the gateway.',
  }),
  action: Type.String(),
  subject: Type.String(),
  address: Type.Optional(Type.String({ description: 'Where the request came from.' })),
  before: Type.Optional(Type.Unknown()),
  after: Type.Optional(Type.Unknown()),
});

const AuditList = Type.Object({ items: Type.Array(AuditEntry), nextCursor: NextCursor });

/** /audit: who changed what. */
export function auditRoutes(app: TypedApp, store: Store): void {
  app.get(
    '/audit',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'The audit trail, newest first',
        tags: ['audit'],
        querystring: AuditQuery,
        response: { 200: AuditList, ...problems },
      },
    },
    async ({ query: { limit, cursor, actor, action, subject } }) => {
      const rows = await store.audit.list({ before: cursor, actor, action, subject, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { items: rows.map(entryOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );
}

function entryOf(row: AuditRow): Static<typeof AuditEntry> {
  const { id, at, actor, action, subject, address, before, after } = row;
  return {
    id,
    at: timestamp(at),
    actor,
    action,
    subject,
    ...(address !== null && { address }),
    ...(before !== null && { before: JSON.parse(before) as unknown }),
    ...(after !== null && { after: JSON.parse(after) as unknown }),
  };
}
