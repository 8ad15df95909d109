import type { AdminTokenRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import Type, { type Static } from 'typebox';
import { createAdminToken, revokeAdminToken } from '../identity/admin-token.ts';
import { problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const Role = Type.Enum(['viewer', 'operator', 'admin']);

const NewAdminToken = Type.Object(
  {
    name: Type.String({
      pattern: '^[^\\p{Cc}]{1,64}$',
      description: 'Whose it is or what it is for, for people; need not be unique.',
    }),
    role: Role,
  },
  { additionalProperties: false },
);

const AdminTokenResource = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  createdAt: Timestamp,
  revokedAt: Type.Optional(Timestamp),
});

const CreatedAdminToken = Type.Intersect([
  Type.Object({ token: Type.String({ description: 'Shown here and never again.' }) }),
  AdminTokenResource,
]);
const AdminTokenList = Type.Object({ items: Type.Array(AdminTokenResource) });
const Params = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** /admin-tokens: who may use this API. There are few, so they come on one page. */
export function adminTokenRoutes(
  app: TypedApp,
  { store, clock }: { readonly store: Store; readonly clock: () => number },
): void {
  app.get(
    '/admin-tokens',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Admin tokens, oldest first',
        tags: ['admin-tokens'],
        response: { 200: AdminTokenList, ...problems },
      },
    },
    async () => ({ items: (await store.adminTokens.list()).map(resourceOf) }),
  );

  app.post(
    '/admin-tokens',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Make an admin token',
        tags: ['admin-tokens'],
        body: NewAdminToken,
        response: { 201: CreatedAdminToken, ...problems },
      },
    },
    async ({ body, actor }, reply) => {
      const { token, row } = await createAdminToken(store, body, actor, clock());
      return reply.code(201).send({ token, ...resourceOf(row) });
    },
  );

  app.delete(
    '/admin-tokens/:id',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Revoke an admin token',
        tags: ['admin-tokens'],
        params: Params,
        response: { 200: AdminTokenResource, ...problems },
      },
    },
    async ({ params: { id }, actor }) => {
      const row = await revokeAdminToken(store, id, actor, clock());
      if (row === undefined) throw new ProblemError('NOT_FOUND', `There is no admin token ${id}.`);
      return resourceOf(row);
    },
  );
}

function resourceOf({
  id,
  name,
  role,
  createdAt,
  revokedAt,
}: AdminTokenRow): Static<typeof AdminTokenResource> {
  return {
    id,
    name,
    role,
    createdAt: timestamp(createdAt),
    ...(revokedAt !== null && { revokedAt: timestamp(revokedAt) }),
  };
}
