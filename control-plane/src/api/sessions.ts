import { problemResponses, SessionPage, SessionQuery, SessionResource } from '@penstock/api-schema';
import type { SessionFilter, SessionView } from '../fleet/session-view.ts';
import { sendPage } from './sliced-page.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** Sessions by agent, those of agents after `cursor`, read lazily. */
export type SessionListing = (cursor: string, filter: SessionFilter) => Iterable<SessionView>;

/** /sessions: the HTTP/2 sessions between agents and this gateway. */
export function sessionRoutes(app: TypedApp, sessions: SessionListing): void {
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
    async ({ query: { limit, cursor = '', agent, pool } }, reply) =>
      sendPage(reply, {
        items: sessions(cursor, { agent, pool }),
        // All sessions of an agent are on one page, so the agent's name suffices as the cursor.
        isFull: (count, last, next) => count >= limit && last.agent !== next.agent,
        cursorOf: (last) => last.agent,
        toResource: resourceOf,
        schema: SessionResource,
      }) as Promise<never>,
  );
}

function resourceOf({ since, roundTrip, replica, ...view }: SessionView): SessionResource {
  return {
    ...view,
    since: timestamp(since),
    ...(replica !== undefined && { replica }),
    ...(roundTrip !== undefined && { roundTripMs: roundTrip }),
  };
}
