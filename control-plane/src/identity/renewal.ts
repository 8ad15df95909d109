import type { AttemptLimit } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import type { AgentIdentity } from '@penstock/wire';
import { type IssuedIdentity, ProblemError } from '@penstock/wire';
import { takeAttempt } from './attempts.ts';
import { type CertificateRequest, readCertificateRequest } from './certificate-request.ts';
import type { IdentityIssue } from './identity-issue.ts';
import { readRenewRequest } from './request-body.ts';
import type { Revocation } from './revocation.ts';
import { tellStoreProblems } from './store-problem.ts';

export type RenewalDependencies = {
  readonly store: Store;
  readonly revocation: Revocation;
  readonly issue: IdentityIssue;
  /** Certificates by agent, shared with enrollment; counts whether it went well or not. */
  readonly issues: AttemptLimit;
  readonly clock: () => number;
};

/** Gives an agent that still has a good certificate the next one. */
export class Renewal {
  readonly #with: RenewalDependencies;

  constructor(dependencies: RenewalDependencies) {
    this.#with = dependencies;
  }

  /**
   * Answers POST /v1/renew: who asks, as TLS has checked and `readAgentIdentity` read it, and the parsed body. The
   * same key may ask again when an answer was lost. The old certificate stays good until it ends. Throws
   * ProblemError.
   */
  renew(identity: AgentIdentity, body: unknown): Promise<IssuedIdentity> {
    return tellStoreProblems(async () => {
      const { store, revocation, issue, issues, clock } = this.#with;
      if (revocation.isRevoked(identity)) throw new ProblemError('IDENTITY_REVOKED');
      if (identity.notAfter <= clock()) throw new ProblemError('IDENTITY_EXPIRED');
      takeAttempt(issues, identity.agentId);
      const csr = await readCertificateRequest(readRenewRequest(body).csr);
      const agent = await store.agents.byId(identity.agentId);
      if (agent === undefined) {
        throw new ProblemError(
          'IDENTITY_UNKNOWN',
          'This gateway has no record of the agent; its store may be older than the certificate. Enroll again.',
        );
      }
      if (agent.revokedAt !== null) throw new ProblemError('IDENTITY_REVOKED');
      await this.#claimKey(agent.id, csr);
      return issue(agent, csr);
    });
  }

  async #claimKey(agentId: string, { key }: CertificateRequest): Promise<void> {
    const { store, clock } = this.#with;
    const owner = await store.transaction(async (inside) => {
      await inside.agentKeys.claim({ key, agentId, createdAt: clock() });
      return inside.agentKeys.owner(key);
    });
    if (owner?.id !== agentId) {
      throw new ProblemError('CSR_INVALID', 'The key of this certificate request belongs to another agent.');
    }
  }
}
