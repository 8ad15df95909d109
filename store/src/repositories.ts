import type { Kysely } from 'kysely';
import { type AdminTokenRepository, adminTokenRepository } from './admin-tokens.ts';
import { type AgentKeyRepository, agentKeyRepository } from './agent-keys.ts';
import { type AgentRepository, agentRepository } from './agents.ts';
import { type AlertRepository, alertRepository } from './alerts.ts';
import { type ApprovalRepository, approvalRepository } from './approvals.ts';
import { type AuditRepository, auditRepository } from './audit.ts';
import { type AuthorityRepository, authorityRepository } from './cluster/authority.ts';
import { type ChangeRepository, changeRepository } from './cluster/changes.ts';
import { type LeaseRepository, leaseRepository } from './cluster/leases.ts';
import { type ReplicaRepository, replicaRepository } from './cluster/replicas.ts';
import { type ConfigVersionRepository, configVersionRepository } from './config-versions.ts';
import { type ConsoleCodeRepository, consoleCodeRepository } from './console-codes.ts';
import { type ConsoleSessionRepository, consoleSessionRepository } from './console-sessions.ts';
import type { DatabaseClock } from './database-clock.ts';
import { type EnrollmentTokenRepository, enrollmentTokenRepository } from './enrollment-tokens.ts';
import { type EnrollmentRepository, enrollmentRepository } from './enrollments.ts';
import { type GrantRepository, grantRepository } from './grants.ts';
import { type IdentityRepository, identityRepository } from './identities.ts';
import { type PinRepository, pinRepository } from './pins.ts';
import { type RolloutRepository, rolloutRepository } from './rollouts.ts';
import type { AuditRow, Database } from './schema.ts';
import { type SilenceRepository, silenceRepository } from './silences.ts';
import { type StateChangeRepository, stateChangeRepository } from './state-changes.ts';
import type { Writing } from './writing.ts';

export type Repositories = {
  readonly agents: AgentRepository;
  readonly agentKeys: AgentKeyRepository;
  readonly identities: IdentityRepository;
  readonly enrollmentTokens: EnrollmentTokenRepository;
  readonly enrollments: EnrollmentRepository;
  readonly adminTokens: AdminTokenRepository;
  readonly audit: AuditRepository;
  readonly approvals: ApprovalRepository;
  readonly configVersions: ConfigVersionRepository;
  readonly consoleCodes: ConsoleCodeRepository;
  readonly consoleSessions: ConsoleSessionRepository;
  readonly pins: PinRepository;
  readonly alerts: AlertRepository;
  readonly grants: GrantRepository;
  readonly rollouts: RolloutRepository;
  readonly stateChanges: StateChangeRepository;
  readonly silences: SilenceRepository;
  readonly changes: ChangeRepository;
  readonly replicas: ReplicaRepository;
  readonly leases: LeaseRepository;
  readonly authority: AuthorityRepository;
};

export type RepositoryContext = {
  readonly write: Writing;
  readonly now: DatabaseClock;
  /** Called with each appended entry, in a transaction before the commit. */
  readonly onAudit: (row: AuditRow) => void;
};

/** Creates the repositories over the store or over one transaction. */
export function repositoriesOver(
  db: Kysely<Database>,
  { write, now, onAudit }: RepositoryContext,
): Repositories {
  return {
    agents: agentRepository(db, write),
    agentKeys: agentKeyRepository(db),
    identities: identityRepository(db, write),
    enrollmentTokens: enrollmentTokenRepository(db, write),
    enrollments: enrollmentRepository(db),
    adminTokens: adminTokenRepository(db, write),
    audit: auditRepository(db, write, onAudit),
    approvals: approvalRepository(db, write, now),
    configVersions: configVersionRepository(db, write),
    consoleCodes: consoleCodeRepository(db),
    consoleSessions: consoleSessionRepository(db),
    pins: pinRepository(db, write),
    alerts: alertRepository(db, write),
    grants: grantRepository(db, write),
    rollouts: rolloutRepository(db, write),
    stateChanges: stateChangeRepository(db),
    silences: silenceRepository(db, write),
    changes: changeRepository(db),
    replicas: replicaRepository(db, write, now),
    leases: leaseRepository(db, now),
    authority: authorityRepository(db, now),
  };
}
