import type { AttemptLimit } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import type { AgentIdentity } from '@penstock/wire';
import { type IssuedIdentity, ProblemError } from '@penstock/wire';
import { takeAttempt } from './attempts.ts';
import { type CertificateRequest, readCertificateRequest } from './certificate-request.ts';
import type { IdentityIssuer } from './identity-issuer.ts';
import { readRenewRequest } from './request-body.ts';
import type { Revocation } from './revocation.ts';
import { withStoreProblems } from './store-problem.ts';

export type RenewalDependencies = {
  readonly store: Store;
  readonly revocation: Revocation;
  readonly issue: IdentityIssuer;
  /** Limits the certificates per agent, successful or not. Shared with enrollment. */
  readonly issueLimit: AttemptLimit;
  readonly clock: () => number;
};

/** Issues the next certificate to an agent whose certificate is still valid. */
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
      const { store, revocation, issue, issueLimit, clock } = this.#dependencies;
      if (revocation.isRevoked(identity)) throw new ProblemError('IDENTITY_REVOKED');
      if (identity.notAfter <= clock()) throw new ProblemError('IDENTITY_EXPIRED');
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
      await this.#claimKey(agent.id, csr);
      return issue(agent, csr);
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
