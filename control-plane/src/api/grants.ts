import {
  CreatedGrant,
  GrantPage,
  GrantResource,
  IdParams,
  NewGrant,
  PageQuery,
  problemResponses,
} from '@penstock/api-schema';
import { ProblemError } from '@penstock/wire';
import type { GrantView } from '../grants/grant-view.ts';
import type { Grants } from '../grants/grants.ts';
import { requireSourceRanges } from './source-ranges.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /grants: credentials with which clients use SOCKS5 and HTTP CONNECT. */
export function grantRoutes(app: TypedApp, grants: Grants): void {
  app.post(
    '/grants',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Create a grant',
        tags: ['grants'],
        body: NewGrant,
        response: { 201: CreatedGrant, ...problemResponses },
      },
    },
    async ({ body, actor }, reply) => {
      const { ttlSeconds, ...rest } = body;
      requireSourceRanges(rest.sources);
      const { grant, view } = await grants.create({ ...rest, ttl: ttlSeconds * 1000 }, actor);
      return reply.code(201).send({ grant, ...resourceOf(view) });
    },
  );

  app.get(
    '/grants',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List grants, newest first',
        tags: ['grants'],
        querystring: PageQuery,
        response: { 200: GrantPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const views = await grants.list({ before: cursor, limit });
      const last = views.length === limit ? views.at(-1) : undefined;
      return { items: views.map(resourceOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.delete(
    '/grants/:id',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Revoke a grant',
        description: 'Closes the client connections that use it.',
        tags: ['grants'],
        params: IdParams,
        response: { 200: GrantResource, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const view = await grants.revoke(id, actor);
      if (view === undefined) throw new ProblemError('NOT_FOUND', `There is no grant ${id}.`);
      return resourceOf(view);
    },
  );
}

function resourceOf(view: GrantView): GrantResource {
  const { id, name, state, connections, sources, maxConnections, inUse, createdBy } = view;
  return {
    id,
    name,
    state,
    connections: [...connections],
    ...(sources !== undefined && { sources: [...sources] }),
    ...(maxConnections !== undefined && { maxConnections }),
    inUse,
    createdAt: timestamp(view.createdAt),
    createdBy,
    expiresAt: timestamp(view.expiresAt),
    ...(view.revokedAt !== undefined && { revokedAt: timestamp(view.revokedAt) }),
  };
}
