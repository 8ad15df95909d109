import { endSessionsOfToken } from '@penstock/sign-in';
import type { AdminRole, AdminTokenRow, Store } from '@penstock/store';
import type { Actor } from '../actor.ts';
import { createToken } from './token-secret.ts';

/** Creates a token for the API. Only the returned value contains it. Throws StoreError. */
export async function createAdminToken(
  store: Store,
  {
    name,
    role,
    ttlSeconds,
  }: { readonly name: string; readonly role: AdminRole; readonly ttlSeconds?: number | undefined },
  { id: actor, address }: Actor,
  now: number,
): Promise<{ readonly id: string; readonly token: string; readonly row: AdminTokenRow }> {
  const { id, token, hash } = createToken('admin', now);
  const expiresAt = ttlSeconds === undefined ? null : now + ttlSeconds * 1_000;
  const row: AdminTokenRow = {
    ...{ id, hash, name, role, createdAt: now, revokedAt: null },
    ...{ expiresAt, usedAt: null },
  };
  await store.transaction(async (inside) => {
    await inside.adminTokens.insert(row);
    await inside.audit.append({
      at: now,
      actor,
      action: 'admin-token.create',
      subject: `admin-token:${id}`,
      address,
      after: { id, name, role, ...(expiresAt !== null && { expiresAt: new Date(expiresAt).toISOString() }) },
    });
  });
  return { id, token, row };
}

/**
 * Revokes a token, ends the console sessions that were started with it, and returns it as it is then, or undefined if none has this id. Revoking it again has no effect. Throws
 * StoreError.
 */
export function revokeAdminToken(
  store: Store,
  id: string,
  { id: actor, address }: Actor,
  now: number,
): Promise<AdminTokenRow | undefined> {
  return store.transaction(async (inside) => {
    const row = await inside.adminTokens.byId(id);
    if (row === undefined || !(await inside.adminTokens.revoke(id, now))) return row;
    const { name, role } = row;
    await inside.audit.append({
      at: now,
      actor,
      action: 'admin-token.revoke',
      subject: `admin-token:${id}`,
      address,
      before: { id, name, role, revoked: false },
      after: { id, name, role, revoked: true },
    });
    await endSessionsOfToken(inside, id, {
      by: { id: actor, address },
      now,
      reason: 'the admin token was revoked',
    });
    return { ...row, revokedAt: now };
  });
}
