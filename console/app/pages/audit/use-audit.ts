import { GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AuditEntry } from '../../api/types.ts';
import { useListing } from '../access/use-listing.ts';

export type AuditFilter = {
  readonly text?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly since?: string;
};

/** The entries that a filter selects. */
export const useAudit = (filter: AuditFilter) =>
  useListing<AuditEntry>([resource.audit, filter], (cursor) =>
    GET('/api/v1/audit', {
      params: { query: { ...filter, ...(cursor !== undefined && { cursor }) } },
      headers: inBackground,
    }),
  );
