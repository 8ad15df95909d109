import { type AuditEntry, AuditPage, AuditQuery, problemResponses } from '@penstock/api-schema';
import type { AuditRow, Store } from '@penstock/store';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /audit: who changed what. */
export function auditRoutes(app: TypedApp, store: Store): void {
  app.get(
    '/audit',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the audit trail, newest first',
        tags: ['audit'],
        querystring: AuditQuery,
        response: { 200: AuditPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, actor, action, subject } }) => {
      const rows = await store.audit.list({ before: cursor, actor, action, subject, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { items: rows.map(entryOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );
}

function entryOf(row: AuditRow): AuditEntry {
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
