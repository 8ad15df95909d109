import { type AuditEntry, AuditPage, AuditQuery, problemResponses } from '@penstock/api-schema';
import type { AuditRow, Store } from '@penstock/store';
import { sendCsv } from './csv.ts';
import { timeArgument } from './time-argument.ts';
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
        produces: ['application/json', 'text/csv'],
        tags: ['audit'],
        querystring: AuditQuery,
        response: { 200: AuditPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, since, until, format, ...filter }, url }, reply) => {
      const rows = await store.audit.list({
        ...filter,
        before: cursor,
        since: timeArgument('since', since),
        until: timeArgument('until', until),
        limit,
      });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      if (format === 'csv') {
        return sendCsv(reply, {
          ...{ name: 'penstock-audit', head: HEAD, rows: rows.map(csvOf), url },
          nextCursor: last?.id,
        }) as never;
      }
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

const HEAD = ['id', 'at', 'actor', 'action', 'subject', 'address', 'before', 'after'];

function csvOf(row: AuditRow) {
  const { id, at, actor, action, subject, address, before, after } = row;
  const optional = [address, before, after].map((value) => value ?? undefined);
  return [id, timestamp(at), actor, action, subject, ...optional];
}
