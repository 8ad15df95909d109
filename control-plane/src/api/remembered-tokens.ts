import type { AdminTokenRepository, AdminTokenRow, Store } from '@penstock/store';
import { StoreError } from '@penstock/store';
import { LRUCache } from 'lru-cache';
import { idOfToken, tokenMatches } from '../identity/token-secret.ts';

const MINUTE = 60_000;

export type RememberedTokens = Pick<AdminTokenRepository, 'byId'> & {
  /** Whether the store has this very token, as far as is known without asking it. */
  has(token: string): boolean;
};

/**
 * Admin tokens by id, and while the store does not answer those that were found there lately: whoever looks for what
 * is wrong needs the API most just then. One that is revoked is forgotten at once.
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
