import {
  AdminTokenList,
  AdminTokenResource,
  CreatedAdminToken,
  IdParams,
  NewAdminToken,
  problemResponses,
} from '@penstock/api-schema';
import type { AdminTokenRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import { createAdminToken, revokeAdminToken } from '../identity/admin-token.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /admin-tokens: credentials for this API. They always fit on one page. */
export function adminTokenRoutes(
  app: TypedApp,
  { store, clock }: { readonly store: Store; readonly clock: () => number },
): void {
  app.get(
    '/admin-tokens',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'List admin tokens, oldest first',
        tags: ['admin-tokens'],
        response: { 200: AdminTokenList, ...problemResponses },
      },
    },
    async () => ({ items: (await store.adminTokens.list()).map(resourceOf) }),
  );

  app.post(
    '/admin-tokens',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Create an admin token',
        tags: ['admin-tokens'],
        body: NewAdminToken,
        response: { 201: CreatedAdminToken, ...problemResponses },
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
        params: IdParams,
        response: { 200: AdminTokenResource, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const row = await revokeAdminToken(store, id, actor, clock());
      if (row === undefined) throw new ProblemError('NOT_FOUND', `There is no admin token ${id}.`);
      return resourceOf(row);
    },
  );
}

function resourceOf(row: AdminTokenRow): AdminTokenResource {
  const { id, name, role, createdAt, expiresAt, usedAt, revokedAt } = row;
  return {
    id,
    name,
    role,
    createdAt: timestamp(createdAt),
    ...(expiresAt !== null && { expiresAt: timestamp(expiresAt) }),
    ...(usedAt !== null && { usedAt: timestamp(usedAt) }),
    ...(revokedAt !== null && { revokedAt: timestamp(revokedAt) }),
  };
}
