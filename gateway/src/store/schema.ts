/**
 * The tables, as kysely sees them (columns are snake_case in SQL). Times are milliseconds since 1970, absent facts
 * are null, JSON is text: so the same SQL runs on SQLite and PostgreSQL.
 */
export type Database = {
  readonly agents: AgentRow;
  readonly agentKeys: AgentKeyRow;
  readonly identities: IdentityRow;
  readonly enrollmentTokens: EnrollmentTokenRow;
  readonly enrollments: EnrollmentRow;
  readonly adminTokens: AdminTokenRow;
  readonly audit: AuditRow;
};

/** An agent is one line of keys. Another key under the same name is another agent (docs/decisions/0003). */
export type AgentRow = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly revokedReason: RevocationReason | null;
};

export type RevocationReason = 'revoked' | 'replaced';

/** A public key belongs to one agent while it is on record, so that enrollment and renewal can be idempotent by key. */
export type AgentKeyRow = {
  /** Lower-case hexadecimal SHA-256 of the SPKI. */
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
};

/** A certificate that was issued. */
export type IdentityRow = {
  /** Upper-case hexadecimal, as node:crypto prints it. */
  readonly serial: string;
  readonly agentId: string;
  readonly key: string;
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly revokedAt: number | null;
};

export type EnrollmentTokenRow = {
  readonly id: string;
  /** Hexadecimal SHA-256 of the whole token. */
  readonly hash: string;
  readonly pool: string;
  readonly uses: number;
  readonly usesLeft: number;
  readonly namePattern: string | null;
  /** JSON array of CIDR ranges, or null for anywhere. */
  readonly sources: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
};

/** Which agent took a use of which token. */
export type EnrollmentRow = {
  readonly tokenId: string;
  readonly agentId: string;
  readonly enrolledAt: number;
  readonly address: string;
};

export type AdminRole = 'viewer' | 'operator' | 'admin';

export type AdminTokenRow = {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly role: AdminRole;
  readonly createdAt: number;
  readonly revokedAt: number | null;
};

export type AuditRow = {
  /** UUID version 7: sorts by time. */
  readonly id: string;
  readonly at: number;
  /** Who did it: `admin-token:ID`, `enrollment-token:ID`, `agent:ID` or `host` for a command on the gateway itself. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly address: string | null;
  /** JSON of what was and what is, without secrets. */
  readonly before: string | null;
  readonly after: string | null;
};
