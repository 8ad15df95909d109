import type { AdminTokenRepository, AdminTokenRow, Store } from '@penstock/store';
import { StoreError } from '@penstock/store';
import { LRUCache } from 'lru-cache';
import { idOfToken, tokenMatches } from '../identity/token-secret.ts';

const MINUTE = 60_000;

export type RememberedTokens = Pick<AdminTokenRepository, 'byId'> & {
  /** Whether this exact token was found in the store recently. */
  has(token: string): boolean;
};

/**
 * Looks up admin tokens by ID. While the store is unavailable, tokens found recently are served from memory: the API is
 * needed most while diagnosing such an outage. Revoked tokens are dropped immediately.
 */
export function rememberedTokens(
  adminTokens: Pick<AdminTokenRepository, 'byId'>,
  onAudit: Store['onAudit'],
): RememberedTokens {
  const found = new LRUCache<string, AdminTokenRow>({ max: 1000, ttl: 15 * MINUTE });
  onAudit(({ action, subject }) => {
    if (action === 'admin-token.revoke') found.delete(subject.replace(/^admin-token:/, ''));
  });
  return {
    has(token) {
      const id = idOfToken('admin', token);
      const row = id === undefined ? undefined : found.get(id);
      return row !== undefined && tokenMatches(token, row.hash);
    },
    async byId(id) {
      try {
        const row = await adminTokens.byId(id);
        if (row === undefined || row.revokedAt !== null) found.delete(id);
        else found.set(id, row);
        return row;
      } catch (error) {
        const row = error instanceof StoreError ? found.get(id) : undefined;
        if (row === undefined) throw error;
        return row;
      }
    },
  };
}
