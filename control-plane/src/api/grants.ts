import { isAddressRange } from '@penstock/config-schema';
import { ProblemError } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import type { GrantView } from '../grants/grant-view.ts';
import type { Grants } from '../grants/grants.ts';
import { MAX_TTL_SECONDS } from '../identity/enrollment-token-limits.ts';
import { Name, NextCursor, PageQuery, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const NewGrant = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'For people.' })),
    connections: Type.Array(Name, { minItems: 1, maxItems: 100 }),
    ttlSeconds: Type.Integer({ minimum: 1, maximum: MAX_TTL_SECONDS, default: 8 * 3600 }),
    sources: Type.Optional(
      Type.Array(Type.String({ maxLength: 64 }), {
        maxItems: 64,
        description:
          'CIDR ranges clients must come from, beside what the ingress allows; left out, anywhere.',
      }),
    ),
    maxConnections: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Client connections at once.' }),
    ),
  },
  { additionalProperties: false },
);

const GrantResource = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.Enum(['usable', 'expired', 'revoked']),
  connections: Type.Array(Type.String()),
  sources: Type.Optional(Type.Array(Type.String())),
  maxConnections: Type.Optional(Type.Integer()),
  inUse: Type.Integer({ description: 'Client connections that use it now.' }),
  createdAt: Timestamp,
  createdBy: Type.String(),
  expiresAt: Timestamp,
  revokedAt: Type.Optional(Timestamp),
});

const CreatedGrant = Type.Intersect([
  Type.Object({ grant: Type.String({ description: 'Shown here and never again.' }) }),
  GrantResource,
]);
const GrantList = Type.Object({ items: Type.Array(GrantResource), nextCursor: NextCursor });
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** /grants: what lets clients in through SOCKS5 and HTTP CONNECT. */
export function grantRoutes(app: TypedApp, grants: Grants): void {
  app.post(
    '/grants',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Make a grant',
        tags: ['grants'],
        body: NewGrant,
        response: { 201: CreatedGrant, ...problems },
      },
    },
    async ({ body, actor }, reply) => {
      const { ttlSeconds, ...rest } = body;
      const wrong = rest.sources?.find((range) => !isAddressRange(range));
      if (wrong !== undefined) {
        throw new ProblemError(
          'REQUEST_INVALID',
          `${wrong} is no CIDR range, or has bits set behind its prefix. Write 10.0.0.0/8, or 10.1.2.3/32.`,
        );
      }
      const { grant, view } = await grants.create({ ...rest, ttl: ttlSeconds * 1000 }, actor);
      return reply.code(201).send({ grant, ...resourceOf(view) });
    },
  );

  app.get(
    '/grants',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Grants, newest first',
        tags: ['grants'],
        querystring: PageQuery,
        response: { 200: GrantList, ...problems },
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
        description: 'Clients that use it are ended.',
        tags: ['grants'],
        params: Params,
        response: { 200: GrantResource, ...problems },
      },
    },
    async ({ params: { id }, actor }) => {
      const view = await grants.revoke(id, actor);
      if (view === undefined) throw new ProblemError('NOT_FOUND', `There is no grant ${id}.`);
      return resourceOf(view);
    },
  );
}

function resourceOf(view: GrantView): Static<typeof GrantResource> {
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
