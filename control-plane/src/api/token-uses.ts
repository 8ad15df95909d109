import type { AdminTokenRepository, AdminTokenRow } from '@penstock/store';
import { LRUCache } from 'lru-cache';

/** The last use of a token is recorded this often at most, however often it is used. */
const USE_INTERVAL_MS = 60_000;

export type TokenUses = {
  /** The token was used. No request waits for this, and none fails because of it. */
  note(token: Pick<AdminTokenRow, 'id' | 'usedAt'>, now: number): void;
};

export function tokenUses(adminTokens: Pick<AdminTokenRepository, 'used'>): TokenUses {
  const noted = new LRUCache<string, number>({ max: 1_000 });
  return {
    note({ id, usedAt }, now) {
      const last = Math.max(noted.get(id) ?? Number.NEGATIVE_INFINITY, usedAt ?? Number.NEGATIVE_INFINITY);
      if (now - last < USE_INTERVAL_MS) return;
      noted.set(id, now);
      adminTokens.used(id, now).catch(() => {});
    },
  };
}
