import {
  CreatedEnrollmentToken,
  type EnrollmentRefusal,
  EnrollmentRefusalList,
  EnrollmentTokenDetail,
  EnrollmentTokenPage,
  EnrollmentTokenResource,
  IdParams,
  NewEnrollmentToken,
  PageQuery,
  problemResponses,
} from '@penstock/api-schema';
import { ProblemError, problemCodes } from '@penstock/wire';
import type {
  EnrollmentRefusals,
  EnrollmentRefusal as KnownRefusal,
} from '../identity/enrollment-refusals.ts';
import type { EnrollmentTokens, EnrollmentTokenView } from '../identity/enrollment-token.ts';
import { requireSourceRanges } from './source-ranges.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** Agents that are listed with a token. */
const MAX_AGENTS = 100;

/** /enrollment-tokens: credentials with which new agents enroll. */
export function enrollmentTokenRoutes(
  app: TypedApp,
  tokens: EnrollmentTokens,
  refusals: Pick<EnrollmentRefusals, 'list'>,
  refusalsElsewhere: (token?: string) => Promise<readonly EnrollmentRefusal[]>,
): void {
  const allRefusals = async (token?: string) =>
    [...refusals.list(token).map(refusalResource), ...(await refusalsElsewhere(token))].sort(
      (one, other) => Date.parse(other.lastAt) - Date.parse(one.lastAt),
    );
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

  app.get(
    '/enrollment-tokens/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get an enrollment token, with the agents that enrolled with it and those that were refused',
        tags: ['enrollment-tokens'],
        params: IdParams,
        response: { 200: EnrollmentTokenDetail, ...problemResponses },
      },
    },
    async ({ params: { id } }) => {
      const found = await tokens.byId(id, MAX_AGENTS);
      if (found === undefined) throw new ProblemError('NOT_FOUND', `There is no enrollment token ${id}.`);
      return {
        ...resourceOf(found.view),
        agents: found.agents.map(({ revokedAt, enrolledAt, ...agent }) => ({
          ...agent,
          enrolledAt: timestamp(enrolledAt),
          ...(revokedAt !== null && { revokedAt: timestamp(revokedAt) }),
        })),
        refusals: await allRefusals(id),
      };
    },
  );

  app.get(
    '/enrollment-refusals',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List refused enrollments, newest first',
        description:
          'Since the gateway started, at most 500, with those whose token does not exist. Those of all replicas.',
        tags: ['enrollment-tokens'],
        response: { 200: EnrollmentRefusalList, ...problemResponses },
      },
    },
    async () => ({ items: await allRefusals() }),
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

export function refusalResource(refusal: KnownRefusal): EnrollmentRefusal {
  const { tokenId, name, pool, address, code, detail, count, firstAt, lastAt } = refusal;
  return {
    ...(tokenId !== undefined && { tokenId }),
    ...(name !== undefined && { name }),
    ...(pool !== undefined && { pool }),
    address,
    code,
    message: detail,
    advice: problemCodes[code].advice,
    count,
    firstAt: timestamp(firstAt),
    lastAt: timestamp(lastAt),
  };
}
