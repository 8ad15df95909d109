import type { AdminTokenRow } from '../src/schema.ts';

/** A row of an admin token that neither ends nor was used. */
export const adminTokenRow = (id: string): AdminTokenRow => ({
  id,
  hash: 'h',
  name: id,
  role: 'admin',
  createdAt: 1,
  revokedAt: null,
  expiresAt: null,
  usedAt: null,
});
