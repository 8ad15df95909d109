import { type AuditEntry, AuditPage, AuditQuery, problemResponses } from '@penstock/api-schema';
import type { AuditRow, Store } from '@penstock/store';
import { csvLine } from './csv.ts';
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
        if (last !== undefined) void reply.header('link', `<${nextPage(url, last.id)}>; rel="next"`);
        return reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="penstock-audit.csv"')
          .send(csvOf(rows) as never);
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

function csvOf(rows: readonly AuditRow[]): string {
  const lines = rows.map(({ id, at, actor, action, subject, address, before, after }) =>
    csvLine([
      id,
      timestamp(at),
      actor,
      action,
      subject,
      address ?? undefined,
      before ?? undefined,
      after ?? undefined,
    ]),
  );
  return csvLine(HEAD) + lines.join('');
}

function nextPage(url: string, cursor: string): string {
  const next = new URL(url, 'http://gateway');
  next.searchParams.set('cursor', cursor);
  return `${next.pathname}${next.search}`;
}
