import Type, { type Static } from 'typebox';
import type { SessionView } from '../fleet/session-view.ts';
import { Name, NextCursor, PageQuery, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const SessionQuery = Type.Object(
  { ...PageQuery.properties, agent: Type.Optional(Name), pool: Type.Optional(Name) },
  { additionalProperties: false },
);

const SessionResource = Type.Object({
  agent: Name,
  agentId: Type.String(),
  pool: Name,
  slot: Type.Integer({ description: 'Which of its parallel sessions the agent calls this one.' }),
  state: Type.Enum(['ready', 'draining']),
  address: Type.String(),
  since: Timestamp,
  roundTripMs: Type.Optional(Type.Number({ description: 'Of the last PING.' })),
  streams: Type.Object({ open: Type.Integer(), opening: Type.Integer() }),
});

const SessionList = Type.Object({ items: Type.Array(SessionResource), nextCursor: NextCursor });

/** /sessions: the HTTP/2 sessions agents hold to this gateway. */
export function sessionRoutes(app: TypedApp, sessions: () => readonly SessionView[]): void {
  app.get(
    '/sessions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Sessions by agent',
        tags: ['sessions'],
        querystring: SessionQuery,
        response: { 200: SessionList, ...problems },
      },
    },
    async ({ query: { limit, cursor = '', agent, pool } }) => {
      const after = sessions().filter(
        (each) =>
          (agent === undefined || each.agent === agent) &&
          (pool === undefined || each.pool === pool) &&
          // All sessions of an agent come on one page, so its name is place enough.
          each.agent > cursor,
      );
      const page = wholeAgents(after, limit);
      const last = page.length < after.length ? page.at(-1) : undefined;
      return { items: page.map(resourceOf), ...(last !== undefined && { nextCursor: last.agent }) };
    },
  );
}

/** About `limit` entries, and of the last agent all. */
function wholeAgents(views: readonly SessionView[], limit: number): readonly SessionView[] {
  const lastName = views[limit - 1]?.agent;
  if (lastName === undefined) return views;
  return views.slice(0, views.findLastIndex(({ agent }) => agent === lastName) + 1);
}

function resourceOf({ since, roundTrip, ...view }: SessionView): Static<typeof SessionResource> {
  return {
    ...view,
    since: timestamp(since),
    ...(roundTrip !== undefined && { roundTripMs: roundTrip }),
  };
}
