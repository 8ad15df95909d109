import { isAddressRange } from '@penstock/config-schema';
import { ProblemError } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import type { EnrollmentTokens, EnrollmentTokenView } from '../identity/enrollment-token.ts';
import { MAX_TTL_SECONDS, MAX_USES } from '../identity/enrollment-token-limits.ts';
import { NAME_GLOB } from '../identity/name-pattern.ts';
import { Name, NextCursor, PageQuery, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const NewToken = Type.Object(
  {
    pool: Name,
    uses: Type.Integer({ minimum: 1, maximum: MAX_USES, default: 1, description: 'Agents it can enroll.' }),
    ttlSeconds: Type.Integer({ minimum: 1, maximum: MAX_TTL_SECONDS, default: 3600 }),
    namePattern: Type.Optional(
      Type.String({ pattern: NAME_GLOB, description: 'Glob over agent names, such as `orders-*`.' }),
    ),
    sources: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 64,
        description: 'CIDR ranges agents must come from; left out, anywhere.',
      }),
    ),
  },
  { additionalProperties: false },
);

const TokenResource = Type.Object({
  id: Type.String(),
  state: Type.Enum(['usable', 'used-up', 'expired', 'revoked']),
  pool: Type.String(),
  uses: Type.Integer(),
  usesLeft: Type.Integer(),
  namePattern: Type.Optional(Type.String()),
  sources: Type.Optional(Type.Array(Type.String())),
  createdAt: Timestamp,
  createdBy: Type.String(),
  expiresAt: Timestamp,
  revokedAt: Type.Optional(Timestamp),
});

const CreatedToken = Type.Intersect([
  Type.Object({ token: Type.String({ description: 'Shown here and never again.' }) }),
  TokenResource,
]);
const TokenList = Type.Object({ items: Type.Array(TokenResource), nextCursor: NextCursor });
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** /enrollment-tokens: what lets new agents in. */
export function enrollmentTokenRoutes(app: TypedApp, tokens: EnrollmentTokens): void {
  app.post(
    '/enrollment-tokens',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Make an enrollment token',
        tags: ['enrollment-tokens'],
        body: NewToken,
        response: { 201: CreatedToken, ...problems },
      },
    },
    async ({ body, actor }, reply) => {
      const { ttlSeconds, sources, ...rest } = body;
      const wrong = sources?.find((range) => !isAddressRange(range));
      if (wrong !== undefined) {
        throw new ProblemError(
          'REQUEST_INVALID',
          `${wrong} is no CIDR range, or has bits set behind its prefix. Write 10.0.0.0/8, or 10.1.2.3/32.`,
        );
      }
      const { token, view } = await tokens.create({ ...rest, sources, ttl: ttlSeconds * 1000 }, actor);
      return reply.code(201).send({ token, ...resourceOf(view) });
    },
  );

  app.get(
    '/enrollment-tokens',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Enrollment tokens, newest first',
        tags: ['enrollment-tokens'],
        querystring: PageQuery,
        response: { 200: TokenList, ...problems },
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
        description: 'Agents that have enrolled with it stay.',
        tags: ['enrollment-tokens'],
        params: Params,
        response: { 200: TokenResource, ...problems },
      },
    },
    async ({ params: { id }, actor }) => {
      const view = await tokens.revoke(id, actor);
      if (view === undefined) throw new ProblemError('NOT_FOUND', `There is no enrollment token ${id}.`);
      return resourceOf(view);
    },
  );
}

function resourceOf(view: EnrollmentTokenView): Static<typeof TokenResource> {
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
