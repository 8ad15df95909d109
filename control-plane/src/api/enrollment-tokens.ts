import {
  CreatedEnrollmentToken,
  EnrollmentTokenPage,
  EnrollmentTokenResource,
  IdParams,
  NewEnrollmentToken,
  PageQuery,
  problemResponses,
} from '@penstock/api-schema';
import { ProblemError } from '@penstock/wire';
import type { EnrollmentTokens, EnrollmentTokenView } from '../identity/enrollment-token.ts';
import { requireSourceRanges } from './source-ranges.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /enrollment-tokens: credentials with which new agents enroll. */
export function enrollmentTokenRoutes(app: TypedApp, tokens: EnrollmentTokens): void {
  app.post(
    '/enrollment-tokens',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Create an enrollment token',
        tags: ['enrollment-tokens'],
        body: NewEnrollmentToken,
        response: { 201: CreatedEnrollmentToken, ...problemResponses },
      },
    },
    async ({ body, actor }, reply) => {
      const { ttlSeconds, sources, ...rest } = body;
      requireSourceRanges(sources);
      const { token, view } = await tokens.create({ ...rest, sources, ttl: ttlSeconds * 1000 }, actor);
      return reply.code(201).send({ token, ...resourceOf(view) });
    },
  );

  app.get(
    '/enrollment-tokens',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List enrollment tokens, newest first',
        tags: ['enrollment-tokens'],
        querystring: PageQuery,
        response: { 200: EnrollmentTokenPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const views = await tokens.list({ before: cursor, limit });
      const last = views.length === limit ? views.at(-1) : undefined;
      return { items: views.map(resourceOf), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.delete(
    '/enrollment-tokens/:id',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Revoke an enrollment token',
        description: 'Agents that have already enrolled with it are not affected.',
        tags: ['enrollment-tokens'],
        params: IdParams,
        response: { 200: EnrollmentTokenResource, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const view = await tokens.revoke(id, actor);
      if (view === undefined) throw new ProblemError('NOT_FOUND', `There is no enrollment token ${id}.`);
      return resourceOf(view);
    },
  );
}

function resourceOf(view: EnrollmentTokenView): EnrollmentTokenResource {
  const { id, state, pool, uses, usesLeft, namePattern, sources, createdBy } = view;
  return {
    id,
    state,
    pool,
    uses,
    usesLeft,
    ...(namePattern !== undefined && { namePattern }),
    ...(sources !== undefined && { sources: [...sources] }),
    createdAt: timestamp(view.createdAt),
    createdBy,
    expiresAt: timestamp(view.expiresAt),
    ...(view.revokedAt !== undefined && { revokedAt: timestamp(view.revokedAt) }),
  };
}
