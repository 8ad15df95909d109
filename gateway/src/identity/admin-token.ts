import type { Store } from '../store/open-store.ts';
import type { AdminRole } from '../store/schema.ts';
import { makeToken } from './token-secret.ts';

/** Makes a token for the API. The answer is the only place that ever has it. Throws StoreError. */
export async function createAdminToken(
  store: Store,
  { name, role }: { readonly name: string; readonly role: AdminRole },
  { actor, address }: { readonly actor: string; readonly address?: string | undefined },
  now: number,
): Promise<{ readonly id: string; readonly token: string }> {
  const { id, token, hash } = makeToken('admin', now);
  await store.transaction(async (inside) => {
    await inside.adminTokens.insert({ id, hash, name, role, createdAt: now, revokedAt: null });
    await inside.audit.append({
      at: now,
      actor,
      action: 'admin-token.create',
      subject: `admin-token:${id}`,
      address,
      after: { id, name, role },
    });
  });
  return { id, token };
}
