import type { AttemptLimit } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import type { AgentIdentity } from '@penstock/wire';
import { type IssuedIdentity, ProblemError } from '@penstock/wire';
import { takeAttempt } from './attempts.ts';
import { type CertificateRequest, readCertificateRequest } from './certificate-request.ts';
import type { IdentityIssuer } from './identity-issuer.ts';
import type { Presence } from './name-claim.ts';
import { readRenewRequest } from './request-body.ts';
import type { Revocation } from './revocation.ts';
import { withStoreProblems } from './store-problem.ts';

export type RenewalDependencies = {
  readonly store: Store;
  readonly revocation: Revocation;
  readonly issue: IdentityIssuer;
  /** Limits the certificates per agent, successful or not. Shared with enrollment. */
  readonly issueLimit: AttemptLimit;
  /** Milliseconds after its expiry in which a certificate can still be renewed. */
  readonly renewalGrace: () => number;
  readonly presence: (agentId: string) => Presence;
  readonly clock: () => number;
};

/** Issues the next certificate to an agent whose certificate is still valid, or has expired a short while ago. */
export class Renewal {
  readonly #dependencies: RenewalDependencies;

  constructor(dependencies: RenewalDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Handles POST /v1/renew. `identity` is that of the certificate that TLS has verified, `body` the parsed JSON. The
   * request can be repeated with the same key if the response was lost. The old certificate stays valid until it expires.
   * Throws ProblemError.
   */
  renew(identity: AgentIdentity, body: unknown): Promise<IssuedIdentity> {
    return withStoreProblems(async () => {
      const { store, revocation, issue, issueLimit, clock, renewalGrace } = this.#dependencies;
      if (revocation.isRevoked(identity)) throw new ProblemError('IDENTITY_REVOKED');
      if (identity.notAfter + renewalGrace() <= clock()) throw new ProblemError('IDENTITY_EXPIRED');
      takeAttempt(issueLimit, identity.agentId);
      const csr = await readCertificateRequest(readRenewRequest(body).csr);
      const agent = await store.agents.byId(identity.agentId);
      if (agent === undefined) {
        throw new ProblemError(
          'IDENTITY_UNKNOWN',
          'This gateway does not know the agent. Its store may be older than the certificate. Enroll the agent again.',
        );
      }
      if (agent.revokedAt !== null) throw new ProblemError('IDENTITY_REVOKED');
      if (identity.notAfter <= clock()) await this.#admitExpired(identity);
      await this.#claimKey(agent.id, csr);
      return issue(agent, csr);
    });
  }

  /**
   * Admits a certificate that has expired: this gateway must know it, and nobody else may use the identity meanwhile. TLS has
   * verified that the host has its key.
   */
  async #admitExpired({ agentId, name, pool, serial, notAfter }: AgentIdentity): Promise<void> {
    const { store, presence, clock } = this.#dependencies;
    const issued = await store.identities.bySerial(serial);
    const isKnown = issued?.agentId === agentId && issued.revokedAt === null;
    if (!isKnown || presence(agentId).state === 'connected') {
      throw new ProblemError(
        'IDENTITY_EXPIRED',
        isKnown
          ? 'The agent is connected with another certificate, so this one is not renewed.'
          : 'This gateway does not know the expired certificate. Enroll the agent again with a new token.',
      );
    }
    await store.audit.append({
      at: clock(),
      actor: `agent:${agentId}`,
      action: 'agent.renew-expired',
      subject: `agent:${agentId}`,
      after: { name, pool, serial, expiredAt: new Date(notAfter).toISOString() },
    });
  }

  async #claimKey(agentId: string, { key }: CertificateRequest): Promise<void> {
    const { store, clock } = this.#dependencies;
    const owner = await store.transaction(async (inside) => {
      await inside.agentKeys.claim({ key, agentId, createdAt: clock() });
      return inside.agentKeys.owner(key);
    });
    if (owner?.id !== agentId) {
      throw new ProblemError('CSR_INVALID', 'The key of this certificate request belongs to another agent.');
    }
  }
}
