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
  readonly configVersions: ConfigVersionRow;
  readonly pins: PinRow;
  readonly alerts: AlertRow;
  readonly alertDeliveries: AlertDeliveryRow;
  readonly approvals: ApprovalRow;
  readonly grants: GrantRow;
};

/** An agent is one chain of keys. Another key with the same name is another agent (docs/decisions/0003). */
export type AgentRow = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly revokedReason: RevocationReason | null;
  /** Set while an operator keeps new opens away from it. */
  readonly drainedAt: number | null;
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

/** A version of agent.yaml that was published for a pool. */
export type ConfigVersionRow = {
  readonly pool: string;
  readonly version: number;
  /** `sha256:` of the canonical content before references are resolved. */
  readonly digest: string;
  /** JSON of the file before references are resolved: it holds no secret, since a file may not. */
  readonly content: string;
  readonly publishedAt: number;
  readonly publishedBy: string;
};

/** What the agents of a pool, or one agent, are expected to run on; an agent's own pin goes before its pool's. */
export type PinRow = {
  readonly scope: 'pool' | 'agent';
  /** Name of the pool, or id of the agent. */
  readonly subject: string;
  readonly version: number;
  readonly digest: string;
  readonly pinnedAt: number;
  readonly pinnedBy: string;
};

/** One time that a condition held for one subject. */
export type AlertRow = {
  readonly id: string;
  readonly condition: string;
  /** `agent:NAME`, `pool:NAME`, `connector:POOL/AGENT/NAME` or `gateway`. */
  readonly subject: string;
  readonly pool: string | null;
  readonly state: 'firing' | 'resolved';
  readonly detail: string;
  readonly since: number;
  readonly firedAt: number;
  readonly resolvedAt: number | null;
};

/** The news of one alert for one receiver: that it fires, or that it is over. */
export type AlertDeliveryRow = {
  readonly id: string;
  readonly alertId: string;
  readonly receiver: string;
  readonly kind: 'firing' | 'resolved';
  /** `abandoned`: tried for as long as we try, or its receiver is gone. */
  readonly state: 'pending' | 'delivered' | 'abandoned';
  /** The message it was last sent in, which may have arrived although nobody answered; null before that. */
  readonly messageId: string | null;
  readonly attempts: number;
  readonly createdAt: number;
  /** When the next attempt is due. */
  readonly nextAt: number;
  readonly settledAt: number | null;
  readonly lastError: string | null;
};

/** An action that waits for an admin, or has been decided. */
export type ApprovalRow = {
  readonly id: string;
  readonly action: string;
  /** `agent:NAME` or `pool:NAME`. */
  readonly subject: string;
  /** The agent that had this name when the approval was requested; null for a pool. */
  readonly agentId: string | null;
  readonly pool: string;
  /** JSON of what the action was called with. */
  readonly arguments: string;
  readonly requestedAt: number;
  readonly requestedBy: string;
  readonly expiresAt: number;
  /** `approved`: the action runs, or ran when the gateway ended. */
  readonly state: 'pending' | 'approved' | 'denied' | 'done' | 'failed';
  readonly decidedAt: number | null;
  readonly decidedBy: string | null;
  /** What came of it, for people. */
  readonly outcome: string | null;
};

/** A client's credential for named connections. */
export type GrantRow = {
  readonly id: string;
  /** Hexadecimal SHA-256 of the whole grant. */
  readonly hash: string;
  readonly name: string;
  /** JSON array of names of connections. */
  readonly connections: string;
  /** JSON array of CIDR ranges, or null for anywhere. */
  readonly sources: string | null;
  readonly maxConnections: number | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
};
