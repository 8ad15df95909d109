import { randomBytes } from 'node:crypto';
import { type AttemptLimit, sourceAddressKey } from '@penstock/runtime';
import type { AgentRow, EnrollmentTokenRow, Repositories, Store } from '@penstock/store';
import { type EnrollRequest, type IssuedIdentity, ProblemError, type TokenFacts } from '@penstock/wire';
import { attempted, takeAttempt } from './attempts.ts';
import { readCertificateRequest } from './certificate-request.ts';
import type { EnrollmentRefusals } from './enrollment-refusals.ts';
import type { EnrollmentTokens } from './enrollment-token.ts';
import type { IdentityIssuer } from './identity-issuer.ts';
import { claimName, type Presence } from './name-claim.ts';
import { readEnrollCheck, readEnrollRequest } from './request-body.ts';
import type { Revocation } from './revocation.ts';
import { withStoreProblems } from './store-problem.ts';

export type EnrollmentDependencies = {
  readonly store: Store;
  readonly tokens: EnrollmentTokens;
  readonly revocation: Revocation;
  readonly issue: IdentityIssuer;
  /** Limits the failed attempts per source address. */
  readonly attemptLimit: AttemptLimit;
  /** Limits the certificates per agent. Shared with renewal. */
  readonly issueLimit: AttemptLimit;
  readonly hasPool: (pool: string) => boolean;
  readonly presence: (agentId: string) => Presence;
  readonly settleTime: number;
  /** Told of every enrollment that is refused. */
  readonly refusals: Pick<EnrollmentRefusals, 'add'>;
  readonly clock: () => number;
};

type Candidate = {
  readonly request: EnrollRequest;
  readonly token: EnrollmentTokenRow;
  readonly key: string;
  readonly address: string;
  readonly now: number;
};

/** Enrolls agents: issues a certificate for a key that comes with an enrollment token. */
export class Enrollment {
  readonly #dependencies: EnrollmentDependencies;
  readonly #startedAt: number;

  constructor(dependencies: EnrollmentDependencies) {
    this.#dependencies = dependencies;
    this.#startedAt = dependencies.clock();
  }

  /**
   * Handles POST /v1/enroll. `body` is the parsed JSON, `sourceAddress` the remote address of the socket. The same key with
   * the same token gets a new certificate for the same agent, and takes no further use. Throws ProblemError.
   */
  enroll(body: unknown, sourceAddress: string): Promise<IssuedIdentity> {
    return this.#attempt(body, sourceAddress, () => this.#admit(body, sourceAddress));
  }

  /**
   * Handles POST /v1/enroll/check: whether an enrollment would be admitted now. It takes no use and changes nothing. Failures
   * count toward the same limit as those of enrollments. Throws ProblemError.
   */
  check(body: unknown, sourceAddress: string): Promise<TokenFacts> {
    return this.#attempt(body, sourceAddress, async () => {
      const { token, name, pool } = readEnrollCheck(body);
      const row = await this.#dependencies.tokens.admit(token, { name, pool, address: sourceAddress });
      if (!this.#dependencies.hasPool(pool)) throw unknownPool(pool);
      if (row.usesLeft <= 0) throw new ProblemError('TOKEN_EXHAUSTED');
      return { usesLeft: row.usesLeft, expiresAt: new Date(row.expiresAt).toISOString() };
    });
  }

  async #attempt<Result>(body: unknown, sourceAddress: string, work: () => Promise<Result>): Promise<Result> {
    const isFault = (error: unknown) => error instanceof ProblemError;
    const { attemptLimit, refusals } = this.#dependencies;
    try {
      return await withStoreProblems(() =>
        attempted(attemptLimit, sourceAddressKey(sourceAddress), isFault, work),
      );
    } catch (error) {
      if (error instanceof ProblemError) {
        refusals.add(body, sourceAddress, { code: error.code, detail: error.message });
      }
      throw error;
    }
  }

  async #admit(body: unknown, address: string): Promise<IssuedIdentity> {
    const { clock, tokens, issueLimit, hasPool, issue } = this.#dependencies;
    const request = readEnrollRequest(body);
    const { name, pool } = request;
    const token = await tokens.admit(request.token, { name, pool, address });
    if (!hasPool(pool)) throw unknownPool(pool);
    const csr = await readCertificateRequest(request.csr);
    const agent = await this.#settle({ request, token, key: csr.key, address, now: clock() });
    takeAttempt(issueLimit, agent.id);
    return issue(agent, csr);
  }

  async #settle(candidate: Candidate): Promise<AgentRow> {
    const { store, revocation } = this.#dependencies;
    try {
      const { agent, replaced } = await store.transaction((inside) => this.#decide(inside, candidate));
      if (replaced !== undefined) revocation.apply(replaced.id);
      return agent;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'NAME_TAKEN') await this.#auditNameTaken(candidate);
      throw error;
    }
  }

  async #decide(
    inside: Repositories,
    candidate: Candidate,
  ): Promise<{ agent: AgentRow; replaced: AgentRow | undefined }> {
    const { token, key, now } = candidate;
    const owner = await inside.agentKeys.owner(key);
    if (owner !== undefined) {
      refuseForeignUse(owner, candidate);
      if (!(await inside.enrollments.exists(token.id, owner.id))) {
        await takeUse(inside, candidate);
        await record(inside, candidate, owner, undefined);
      }
      return { agent: owner, replaced: undefined };
    }
    await takeUse(inside, candidate);
    const replaced = await this.#takeName(inside, candidate);
    const agent: AgentRow = {
      id: `agt_${randomBytes(10).toString('hex')}`,
      name: candidate.request.name,
      pool: candidate.request.pool,
      createdAt: now,
      revokedAt: null,
      revokedReason: null,
      drainedAt: null,
    };
    await inside.agents.insert(agent);
    await inside.agentKeys.claim({ key, agentId: agent.id, createdAt: now });
    await record(inside, candidate, agent, replaced);
    return { agent, replaced };
  }

  async #takeName(inside: Repositories, { request, now }: Candidate): Promise<AgentRow | undefined> {
    const { presence, settleTime } = this.#dependencies;
    const { name, pool } = request;
    const claim = { name, pool, now, presence, settleTime, startedAt: this.#startedAt };
    const replaced = await claimName(inside, claim);
    if (replaced !== undefined) {
      await inside.agents.revoke(replaced.id, now, 'replaced');
      await inside.identities.revokeAllOf(replaced.id, now);
    }
    return replaced;
  }

  /** Records a refused name, by which operators can find a clone. */
  async #auditNameTaken({ request, token, address, now }: Candidate): Promise<void> {
    await this.#dependencies.store.audit.append({
      at: now,
      actor: `enrollment-token:${token.id}`,
      action: 'agent.enroll-refused',
      subject: `agent-name:${request.name}`,
      address,
      after: { code: 'NAME_TAKEN', name: request.name, pool: request.pool },
    });
  }
}

const unknownPool = (pool: string) => new ProblemError('POOL_UNKNOWN', `This gateway has no pool ${pool}.`);

const endOf = ({ revokedReason }: AgentRow): string => {
  if (revokedReason === 'replaced') return 'revoked when another agent took its name';
  return revokedReason === 'forgotten' ? 'removed because it was not connected for long' : 'revoked';
};

/** A known key is accepted only for its own agent, name and pool, and never after a revocation. */
function refuseForeignUse(owner: AgentRow, { request }: Candidate): void {
  if (owner.revokedAt !== null) {
    throw new ProblemError(
      'IDENTITY_REVOKED',
      `The agent with this key was ${endOf(owner)}. ` +
        'The key cannot be used again: remove the identity directory and enroll with a new token.',
    );
  }
  if (owner.name !== request.name || owner.pool !== request.pool) {
    throw new ProblemError(
      'CSR_INVALID',
      `This key belongs to the agent ${owner.name} of the pool ${owner.pool}. Another name or pool requires another ` +
        'key: remove the identity directory and enroll again.',
    );
  }
}

async function takeUse(inside: Repositories, { token, now }: Candidate): Promise<void> {
  if (!(await inside.enrollmentTokens.takeUse(token.id, now))) throw new ProblemError('TOKEN_EXHAUSTED');
}

async function record(
  inside: Repositories,
  { token, address, now }: Candidate,
  { id, name, pool }: AgentRow,
  replaced: AgentRow | undefined,
): Promise<void> {
  await inside.enrollments.insert({ tokenId: token.id, agentId: id, enrolledAt: now, address });
  await inside.audit.append({
    at: now,
    actor: `enrollment-token:${token.id}`,
    action: replaced === undefined ? 'agent.enroll' : 'agent.replace',
    subject: `agent:${id}`,
    address,
    before:
      replaced === undefined ? undefined : { id: replaced.id, name: replaced.name, pool: replaced.pool },
    after: { id, name, pool },
  });
}
