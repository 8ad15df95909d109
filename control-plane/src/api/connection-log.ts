import {
  ConnectionLogFilter,
  ConnectionLogPage,
  ConnectionLogQuery,
  problemResponses,
} from '@penstock/api-schema';
import { Type } from '@penstock/json-schema';
import type { ConnectionLogRow } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { AuthenticatedRequester } from '../actor.ts';
import { clientFilter } from '../connection-log/client-filter.ts';
import type { ConnectionLog } from '../connection-log/connection-log.ts';
import type { FleetEvents } from '../events/events.ts';
import { entryOf } from './connection-log-entry.ts';
import { ConnectionLogStream } from './connection-log-stream.ts';
import { sendCsv } from './csv.ts';
import type { StreamAccess } from './stream-access.ts';
import { timeArgument } from './time-argument.ts';
import type { TypedApp } from './typed-app.ts';

/** Concurrent followers: each receives every connection, and there can be thousands a second. */
const MAX_FOLLOWERS = 16;

/** /connection-log: client connections, those that are open and those that have ended. */
export function connectionLogRoutes(
  app: TypedApp,
  log: Pick<ConnectionLog, 'list' | 'isStored' | 'followers'>,
  events: FleetEvents,
  accessOf: (requester: AuthenticatedRequester) => StreamAccess,
): void {
  app.get(
    '/connection-log',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List client connections, newest first',
        description:
          'Open connections are included, with their bytes so far. Entries are kept within `connectionLog.retention` and ' +
          '`connectionLog.maxSize` of gateway.yaml.',
        tags: ['connections'],
        produces: ['application/json', 'text/csv'],
        querystring: ConnectionLogQuery,
        response: { 200: ConnectionLogPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, since, until, format, ...filter }, url }, reply) => {
      const rows = await log.list({
        ...filter,
        ...clientFilter(filter.client),
        limit,
        before: cursor === undefined ? undefined : idOf(cursor),
        since: timeArgument('since', since),
        until: timeArgument('until', until),
      });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      if (format === 'csv') {
        return sendCsv(reply, {
          ...{ name: 'penstock-connections', head: CSV_HEAD, rows: rows.map(csvOf), url },
          nextCursor: last && String(last.id),
        }) as never;
      }
      return {
        items: rows.map(entryOf),
        ...(last !== undefined && { nextCursor: String(last.id) }),
        store: log.isStored ? ('on' as const) : ('off' as const),
      };
    },
  );
  app.get(
    '/connection-log/follow',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Stream client connections as server-sent events',
        description:
          'An event `connection` for each connection, of all replicas, that was opened, has ended or was denied, about once a second; its ' +
          'data is an entry of the connection log. A connection that opens and ends in between is one event. A reader that is ' +
          'too slow is disconnected. The stream ends when the gateway drains or the admin token or the console session ends.',
        tags: ['connections'],
        produces: ['text/event-stream'],
        querystring: ConnectionLogFilter,
        response: { 200: Type.Unsafe<ConnectionLogStream>({ type: 'string' }), ...problemResponses },
      },
    },
    async ({ query, actor }, reply) => {
      const { followers } = log;
      if (followers.count >= MAX_FOLLOWERS) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `The connection log already has ${MAX_FOLLOWERS} followers. Close one of them or try again later.`,
          { retryAfter: 30 },
        );
      }
      const stream = new ConnectionLogStream({ followers, events, filter: query, access: accessOf(actor) });
      // `no-transform`: a proxy that compresses the response would buffer the events.
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
}

const CSV_HEAD = [
  ...[
    'id',
    'state',
    'connection',
    'client',
    'clientPort',
    'ingress',
    'host',
    'grantId',
    'grantName',
    'subject',
  ],
  ...['connector', 'pool', 'agent', 'startedAt', 'openMs', 'endedAt', 'bytesFromClient', 'bytesToClient'],
  ...['resumes', 'code', 'detail', 'count'],
];

function csvOf(row: ConnectionLogRow) {
  const entry = entryOf(row);
  const { grant } = entry;
  return CSV_HEAD.map((column) => {
    if (column === 'grantId') return grant?.id;
    if (column === 'grantName') return grant?.name;
    return (entry as Readonly<Record<string, unknown>>)[column] as string | number | undefined;
  });
}

function idOf(cursor: string): number {
  const id = /^[0-9]{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new ProblemError('REQUEST_INVALID', 'The cursor is not one that this gateway has returned.');
}
