import type { AgentRow, Store } from '@penstock/store';
import type { IssuedIdentity } from '@penstock/wire';
import type { Authority } from './authority.ts';
import type { CertificateRequest } from './certificate-request.ts';

/** Signs a certificate for an agent, and stores it before it is returned. Throws StoreError. */
export type IdentityIssuer = (agent: AgentRow, request: CertificateRequest) => Promise<IssuedIdentity>;

export function identityIssuer(dependencies: {
  readonly store: Store;
  readonly authority: Authority;
  readonly organization: string;
  /** Milliseconds. */
  readonly certificateLifetime: () => number;
  readonly clock: () => number;
}): IdentityIssuer {
  const { store, authority, organization, certificateLifetime, clock } = dependencies;
  return async ({ id, name, pool }, request) => {
    const now = clock();
    const subject = { agentId: id, name, pool, organization };
    const { identity, chain } = await authority.issue(request, subject, certificateLifetime(), now);
    const { serial, notAfter } = identity;
    await store.identities.insert({
      serial,
      agentId: id,
      key: request.key,
      issuedAt: now,
      notAfter,
      revokedAt: null,
    });
    return { agentId: id, certificateChain: chain, notAfter: new Date(notAfter).toISOString() };
  };
}
