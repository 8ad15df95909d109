/**
 * The tables as kysely sees them; columns are snake_case in SQL. Times are milliseconds since 1970, absent values are
 * null, and JSON is text, so that the same SQL runs on SQLite and PostgreSQL.
 */
export type Database = {
  readonly agents: AgentRow;
  readonly agentKeys: AgentKeyRow;
  readonly identities: IdentityRow;
  readonly enrollmentTokens: EnrollmentTokenRow;
  readonly enrollments: EnrollmentRow;
  readonly adminTokens: AdminTokenRow;
  readonly audit: AuditRow;
  readonly consoleCodes: ConsoleCodeRow;
  readonly consoleSessions: ConsoleSessionRow;
  readonly configVersions: ConfigVersionRow;
  readonly pins: PinRow;
  readonly alerts: AlertRow;
  readonly alertDeliveries: AlertDeliveryRow;
  readonly approvals: ApprovalRow;
  readonly grants: GrantRow;
  readonly rollouts: RolloutRow;
  readonly rolloutAgents: RolloutAgentRow;
  readonly stateChanges: StateChangeRow;
  readonly silences: SilenceRow;
  readonly cluster: ClusterRow;
  readonly changes: ChangeRow;
  readonly replicas: ReplicaRow;
  readonly leases: LeaseRow;
};

/** An agent is one chain of keys. Another key with the same name is another agent (docs/decisions/0003). */
export type AgentRow = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly revokedReason: RevocationReason | null;
  /** Set while an operator has drained the agent. */
  readonly drainedAt: number | null;
};

export type RevocationReason = 'revoked' | 'replaced' | 'forgotten';

/** The owner of a public key, by which enrollment and renewal are idempotent. */
export type AgentKeyRow = {
  /** Lower-case hexadecimal SHA-256 of the SPKI. */
  readonly key: string;
  readonly agentId: string;
  readonly createdAt: number;
};

/** An issued certificate. */
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
  /** JSON array of CIDR ranges, or null for any address. */
  readonly sources: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
};

/** An agent that took a use of a token. */
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
  /** Null: it is valid until it is revoked. */
  readonly expiresAt: number | null;
  /** To a minute. Null: it was never used. */
  readonly usedAt: number | null;
};

/** Who signed in to the console, and with what. */
export type ConsoleUser = {
  /** `admin-token:ID` or `oidc:ISSUER SUBJECT`. */
  readonly actor: string;
  /** The admin token that was used, if any: its end is the end of the session. */
  readonly tokenId: string | null;
  readonly name: string;
  readonly role: AdminRole;
};

/** A code that can be exchanged for a session once. */
export type ConsoleCodeRow = ConsoleUser & {
  /** Hexadecimal SHA-256 of the code. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
};

/** A session of the console. The browser keeps its secret in two halves, a cookie and a header. */
export type ConsoleSessionRow = ConsoleUser & {
  readonly id: string;
  /** Hexadecimal SHA-256 of each half. */
  readonly cookieHash: string;
  readonly headerHash: string;
  /** Source address of the sign-in. */
  readonly address: string;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
};

export type AuditRow = {
  /** UUID version 7: sorts by time. */
  readonly id: string;
  readonly at: number;
  /** `admin-token:ID`, `enrollment-token:ID`, `agent:ID`, or `host` for commands that run on the gateway's host. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly address: string | null;
  /** JSON of the state before and after, without secrets. */
  readonly before: string | null;
  readonly after: string | null;
};

/** A version of agent.yaml published for a pool. */
export type ConfigVersionRow = {
  readonly pool: string;
  readonly version: number;
  /** `sha256:` and the digest of the canonical content, with references unresolved. */
  readonly digest: string;
  /** JSON of the file with references unresolved. It contains no secrets, since files must not. */
  readonly content: string;
  readonly publishedAt: number;
  readonly publishedBy: string;
};

/** The version that the agents of a pool, or one agent, must run. The pin of an agent overrides that of its pool. */
export type PinRow = {
  readonly scope: 'pool' | 'agent';
  /** Name of the pool, or id of the agent. */
  readonly subject: string;
  readonly version: number;
  readonly digest: string;
  readonly pinnedAt: number;
  readonly pinnedBy: string;
};

/** One period for which a condition held for one subject. */
export type AlertRow = {
  readonly id: string;
  readonly condition: string;
  /** `agent:NAME`, `pool:NAME`, `connector:POOL/AGENT/NAME`, `connection:NAME`, `rollout:ID` or `gateway`. */
  readonly subject: string;
  readonly pool: string | null;
  readonly state: 'firing' | 'resolved';
  readonly detail: string;
  readonly since: number;
  readonly firedAt: number;
  readonly resolvedAt: number | null;
};

/** The notification of one receiver that an alert is firing or resolved. */
export type AlertDeliveryRow = {
  readonly id: string;
  readonly alertId: string;
  readonly receiver: string;
  readonly kind: 'firing' | 'resolved';
  /** `abandoned`: given up after too many attempts, or because the receiver was removed. */
  readonly state: 'pending' | 'delivered' | 'abandoned';
  /** The message in which it was last sent, which may have arrived without a response. Null before the first attempt. */
  readonly messageId: string | null;
  readonly attempts: number;
  readonly createdAt: number;
  /** When the next attempt is due. */
  readonly nextAt: number;
  readonly settledAt: number | null;
  readonly lastError: string | null;
};

/** An action for which an approval was requested. */
export type ApprovalRow = {
  readonly id: string;
  readonly action: string;
  /** `agent:NAME` or `pool:NAME`. */
  readonly subject: string;
  /** The agent that had this name when the approval was requested; null for a pool. */
  readonly agentId: string | null;
  readonly pool: string;
  /** JSON of the arguments of the action. */
  readonly arguments: string;
  readonly requestedAt: number;
  readonly requestedBy: string;
  readonly expiresAt: number;
  /** `approved`: the action is running, or was running when its gateway stopped. */
  readonly state: 'pending' | 'approved' | 'denied' | 'done' | 'failed';
  readonly decidedAt: number | null;
  readonly decidedBy: string | null;
  /** The outcome of the action, for people. */
  readonly outcome: string | null;
  /** The epoch of the gateway that runs the action, or ran it. */
  readonly runner: string | null;
};

/** A client's credential for named connections. */
export type GrantRow = {
  readonly id: string;
  /** Hexadecimal SHA-256 of the whole grant. */
  readonly hash: string;
  readonly name: string;
  /** JSON array of names of connections. */
  readonly connections: string;
  /** JSON array of CIDR ranges, or null for any address. */
  readonly sources: string | null;
  readonly maxConnections: number | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
};

/** A single row: what all gateways on this store share. */
export type ClusterRow = {
  readonly id: 1;
  /** Increased by every transaction that changes what a gateway keeps in memory. */
  readonly revision: number;
  /** The oldest migration whose gateways can use the tables as they are. Null: the last one that ran. */
  readonly readableFrom: string | null;
  /** Hexadecimal SHA-256 of the key of the agent CA. Null: no gateway has started yet. */
  readonly authority: string | null;
};

/** What a transaction changed: other gateways read it again. */
export type ChangeRow = {
  readonly revision: number;
  /** From 0, in the order of the changes inside the transaction. */
  readonly ordinal: number;
  readonly kind: ChangeKind;
  readonly key: string;
};

export const changeKinds = [
  'agent',
  'identity',
  'enrollment-token',
  'admin-token',
  'config-version',
  'pin',
  'grant',
  'rollout',
  'approval',
  'alert',
  'silence',
  'audit',
  'replica',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A gateway that uses this store, for as long as it renews its lease. */
export type ReplicaRow = {
  readonly id: string;
  /** New at each start. */
  readonly epoch: string;
  /** Host and port at which the other replicas reach this one. */
  readonly address: string;
  /** Hexadecimal SHA-256 of the public key that it presents to the other replicas. */
  readonly spki: string;
  readonly version: string;
  readonly configDigest: string;
  readonly state: ReplicaState;
  /** The residue class, modulo 128, of the ids that it gives to connections. Null for a version that does not know it. */
  readonly idSlot: number | null;
  /** These two by the clock of the database. */
  readonly startedAt: number;
  readonly expiresAt: number;
};

export type ReplicaState = 'running' | 'draining';

/** A duty of one gateway at a time. The epoch increases with each new holder. */
export type LeaseRow = {
  readonly name: string;
  readonly holder: string;
  readonly epoch: number;
  /** By the clock of the database. */
  readonly expiresAt: number;
};

/** A rollout. The steps of it are in the package `rollouts`, which also defines `body`. */
export type RolloutRow = {
  /** UUID version 7: sorts by time. */
  readonly id: string;
  readonly kind: 'config' | 'software';
  readonly state: string;
  /** 1 until it has ended. */
  readonly isOpen: 0 | 1;
  /** Increases with every step: of two concurrent ones, the first takes effect. */
  readonly revision: number;
  /** Of the leader that wrote the last step. */
  readonly epoch: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
  /** JSON of target, pools, settings and stage. */
  readonly body: string;
};

export type RolloutAgentRow = {
  readonly rolloutId: string;
  readonly agentId: string;
  readonly name: string;
  readonly pool: string;
  /** 0: a canary. */
  readonly groupNumber: number;
  readonly state: string;
  readonly since: number;
  readonly deadline: number | null;
  readonly skipped: string | null;
  readonly reason: string | null;
  readonly before: string | null;
};

/** The first condition of an agent became another one. */
export type StateChangeRow = {
  /** UUID version 7: sorts by time. */
  readonly id: string;
  readonly at: number;
  readonly agentId: string;
  readonly agent: string;
  readonly pool: string;
  readonly state: string;
  readonly code: string;
  readonly detail: string | null;
  /** Null: it was not known before. */
  readonly beforeState: string | null;
  readonly beforeCode: string | null;
};

/** Alerts of which no receiver is notified until `endsAt`. Null fields match every alert. */
export type SilenceRow = {
  /** UUID version 7: sorts by time. */
  readonly id: string;
  readonly condition: string | null;
  /** May end with `*`. */
  readonly subject: string | null;
  readonly pool: string | null;
  readonly comment: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly endsAt: number;
  /** Null unless it was ended before its time. */
  readonly endedBy: string | null;
};
