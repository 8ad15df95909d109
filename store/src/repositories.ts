import type { Kysely } from 'kysely';
import { type AdminTokenRepository, adminTokenRepository } from './admin-tokens.ts';
import { type AgentKeyRepository, agentKeyRepository } from './agent-keys.ts';
import { type AgentRepository, agentRepository } from './agents.ts';
import { type AlertRepository, alertRepository } from './alerts.ts';
import { type ApprovalRepository, approvalRepository } from './approvals.ts';
import { type AuditRepository, auditRepository } from './audit.ts';
import { type ConfigVersionRepository, configVersionRepository } from './config-versions.ts';
import { type EnrollmentTokenRepository, enrollmentTokenRepository } from './enrollment-tokens.ts';
import { type EnrollmentRepository, enrollmentRepository } from './enrollments.ts';
import { type GrantRepository, grantRepository } from './grants.ts';
import { type IdentityRepository, identityRepository } from './identities.ts';
import { type PinRepository, pinRepository } from './pins.ts';
import type { AuditRow, Database } from './schema.ts';

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
  readonly pins: PinRepository;
  readonly alerts: AlertRepository;
  readonly grants: GrantRepository;
};

/** Creates the repositories over the store or over one transaction. `onAudit` is called with each appended entry. */
export function repositoriesOver(db: Kysely<Database>, onAudit: (row: AuditRow) => void): Repositories {
  return {
    agents: agentRepository(db),
    agentKeys: agentKeyRepository(db),
    identities: identityRepository(db),
    enrollmentTokens: enrollmentTokenRepository(db),
    enrollments: enrollmentRepository(db),
    adminTokens: adminTokenRepository(db),
    audit: auditRepository(db, onAudit),
    approvals: approvalRepository(db),
    configVersions: configVersionRepository(db),
    pins: pinRepository(db),
    alerts: alertRepository(db),
    grants: grantRepository(db),
  };
}
