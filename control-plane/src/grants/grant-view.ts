import type { GrantRow } from '@penstock/store';
import type { GrantTerms } from '../data-plane-port.ts';

export type GrantState = 'usable' | 'expired' | 'revoked';

/** A grant as the API shows it: everything except its secret. Times are milliseconds since 1970. */
export type GrantView = {
  readonly id: string;
  readonly name: string;
  readonly state: GrantState;
  readonly connections: readonly string[];
  readonly sources: readonly string[] | undefined;
  readonly maxConnections: number | undefined;
  /** Client connections that currently use it. */
  readonly inUse: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
};

export function grantViewOf(row: GrantRow, inUse: number, now: number): GrantView {
  const { connections, sources, maxConnections } = grantTermsOf(row);
  const { id, name, createdAt, createdBy, expiresAt } = row;
  return {
    id,
    name,
    state: row.revokedAt !== null ? 'revoked' : expiresAt <= now ? 'expired' : 'usable',
    connections,
    sources,
    maxConnections,
    inUse,
    createdAt,
    createdBy,
    expiresAt,
    revokedAt: row.revokedAt ?? undefined,
  };
}

export function grantTermsOf({
  id,
  name,
  hash,
  expiresAt,
  connections,
  sources,
  maxConnections,
}: GrantRow): GrantTerms {
  return {
    id,
    name,
    hash,
    expiresAt,
    connections: JSON.parse(connections) as string[],
    sources: sources === null ? undefined : (JSON.parse(sources) as string[]),
    maxConnections: maxConnections ?? undefined,
  };
}
