import { problemResponses, SessionPage, SessionQuery, type SessionResource } from '@penstock/api-schema';
import type { SessionView } from '../fleet/session-view.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /sessions: the HTTP/2 sessions between agents and this gateway. */
export function sessionRoutes(app: TypedApp, sessions: () => readonly SessionView[]): void {
  app.get(
    '/sessions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List sessions by agent',
        tags: ['sessions'],
        querystring: SessionQuery,
        response: { 200: SessionPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor = '', agent, pool } }) => {
      const after = sessions().filter(
        (each) =>
          (agent === undefined || each.agent === agent) &&
          (pool === undefined || each.pool === pool) &&
          // All sessions of an agent are on one page, so the agent's name suffices as the cursor.
          each.agent > cursor,
      );
      const page = wholeAgents(after, limit);
      const last = page.length < after.length ? page.at(-1) : undefined;
      return { items: page.map(resourceOf), ...(last !== undefined && { nextCursor: last.agent }) };
    },
  );
}

/** The first `limit` sessions, plus the remaining sessions of the last agent. */
function wholeAgents(views: readonly SessionView[], limit: number): readonly SessionView[] {
  const lastName = views[limit - 1]?.agent;
  if (lastName === undefined) return views;
  return views.slice(0, views.findLastIndex(({ agent }) => agent === lastName) + 1);
}

function resourceOf({ since, roundTrip, ...view }: SessionView): SessionResource {
  return {
    ...view,
    since: timestamp(since),
    ...(roundTrip !== undefined && { roundTripMs: roundTrip }),
  };
}
