import type { ConfigVersion, ConnectorKind, HostPort, LogLevel } from './agent-config.ts';
import type { Ingress } from './ingress.ts';
import type { RestartPolicy, UpgradeFreeze, UpgradeSettings, UpgradeWindow } from './rollout-config.ts';
import type { Secret } from './secret.ts';

/** Actions of operators on agents and pools for which a pool may require an admin's approval. */
export const approvableActions = ['drain', 'resume', 'restart', 'pin', 'rollout', 'logs', 'probe'] as const;
export type ApprovableAction = (typeof approvableActions)[number];

/** Every action that can wait for an approval: those above, and those that always require one. */
export const approvalActions = [...approvableActions, 'rollout-now'] as const;
export type ApprovalAction = (typeof approvalActions)[number];

export type Pool = {
  readonly name: string;
  readonly pinning: 'enforce' | 'warn' | 'off';
  readonly minReady: number;
  /** Maximum number of clients that wait while the pool has no available agent, and how long each waits. */
  readonly queue: { readonly limit: number; readonly timeout: number };
  /** Operators' actions that require an admin's approval. */
  readonly requireApproval: readonly ApprovableAction[];
  readonly upgrade: UpgradeSettings;
  /** When agents are restarted without an operator; undefined: never. */
  readonly restart: RestartPolicy | undefined;
  /** Time without a session after which an agent is removed; 0: never. */
  readonly forgetAfter: number;
};

/** What a client is sent when it cannot be connected: the reason in its own protocol, or a reset. */
export const clientErrorModes = ['report', 'reset'] as const;
export type ClientErrorMode = (typeof clientErrorModes)[number];

export type Connection = {
  readonly name: string;
  readonly connector: string;
  /** The connector's kind in the agents' files, if this file repeats it. */
  readonly kind: ConnectorKind | undefined;
  /** Acceptable pools, in order of preference. */
  readonly pools: readonly string[];
  readonly maxConnections: number;
  readonly clientErrors: ClientErrorMode;
  /** How long a client stays connected while its agent has no session; 0: it is reset with its session. */
  readonly resumeFor: number;
  readonly ingress: readonly Ingress[];
};

/** A receiver of alert notifications. */
export type AlertReceiver = {
  readonly name: string;
  readonly webhook: Secret;
  readonly format: 'json' | 'slack';
  /** Signs notifications; undefined: they are not signed. */
  readonly secret: Secret | undefined;
  readonly groupWait: number;
};

/** The conditions that an alert can have. */
export const alertConditions = [
  'agent-stale',
  'pool-below-min-ready',
  'queue-near-limit',
  'clock-skew',
  'identity-expiring',
  'gateway-certificate-expiring',
  'config-drift',
  'identity-cloned',
  'connector-failing',
  'connection-failing',
  'software-outdated',
  'rollout-halted',
  'restart-exhausted',
] as const;
export type AlertCondition = (typeof alertConditions)[number];

/** A PostgreSQL database that holds the state of the control plane. */
export type DatabaseStore = {
  /** For `parseDatabaseUrl`. */
  readonly url: Secret;
  /** The database itself if `url` is pgbouncer. */
  readonly directUrl: Secret | undefined;
  readonly poolSize: number;
  readonly timeout: number;
};

/** Durations are milliseconds, sizes are bytes. */
export type GatewayConfig = ConfigVersion & {
  /** Digest of the file without what is another value at each replica: the name and the addresses in `cluster`. */
  readonly replicaDigest: string;
  readonly organization: string;
  readonly listen: { readonly tunnel: HostPort; readonly admin: HostPort };
  readonly dataDirectory: string;
  /** PEM. Undefined: the agent CA that `init` created in the data directory. */
  readonly agentCa: { readonly certificate: string; readonly key: Secret } | undefined;
  /** PEM. Undefined: the server certificate that `init` created in the data directory. */
  readonly tunnelTls: { readonly certificate: string; readonly key: Secret } | undefined;
  /** Certificate of the admin address, as PEM. Undefined: plain HTTP. */
  readonly adminTls: { readonly certificate: string; readonly key: Secret } | undefined;
  readonly signIn: {
    readonly oidc:
      | {
          readonly issuer: string;
          readonly clientId: string;
          readonly clientSecret: Secret;
          readonly scopes: readonly string[];
          readonly groupsClaim: string;
          readonly roles: readonly {
            readonly group: string;
            readonly role: 'viewer' | 'operator' | 'admin';
          }[];
        }
      | undefined;
  };
  /** `url`: the origin at which browsers reach the console. */
  readonly console: { readonly url: string | undefined };
  /** Undefined: the embedded store in the data directory. */
  readonly store: DatabaseStore | undefined;
  /** Undefined: the only gateway on its store. */
  readonly cluster:
    | {
        /** Undefined: the name of the host. */
        readonly name: string | undefined;
        readonly listen: HostPort;
        /** Undefined: `listen`. */
        readonly advertise: HostPort | undefined;
        /** Milliseconds; 0: agents are never sent to other replicas. */
        readonly rebalanceInterval: number;
      }
    | undefined;
  readonly pools: readonly Pool[];
  readonly windows: readonly UpgradeWindow[];
  readonly freezes: readonly UpgradeFreeze[];
  readonly connections: readonly Connection[];
  /** Presented to clients whose TLS the gateway terminates, as PEM. Undefined: the certificate of `tunnelTls`. */
  readonly ingressTls:
    | {
        readonly certificate: string;
        readonly key: Secret;
        /** If set, every client must present a certificate issued by one of these CAs. */
        readonly clientCa: string | undefined;
      }
    | undefined;
  readonly limits: {
    readonly connectionsPerAddress: number;
    /** Maximum number of clients that have not yet selected a connection, and the time limit for each. */
    readonly pendingHandshakes: number;
    readonly handshakeTimeout: number;
    /** Time without traffic in either direction after which a client connection is closed; 0: never. */
    readonly idleTimeout: number;
  };
  readonly identity: {
    readonly certificateLifetime: number;
    /** Time after its expiry in which a certificate can still be renewed. */
    readonly renewalGrace: number;
  };
  readonly dial: {
    readonly attemptTimeout: number;
    readonly totalTimeout: number;
    readonly maxAttempts: number;
  };
  readonly ejection: {
    /** Number of consecutive failed opens before an agent is ejected. */
    readonly consecutiveFailures: number;
    /** Duration of the first ejection; doubles with each further one, up to ten times the first. */
    readonly baseDuration: number;
    /** Share of a pool's agents that may be ejected at once, in percent; never all of them. */
    readonly maxPercent: number;
  };
  readonly tunnel: {
    readonly pingInterval: number;
    readonly pingTimeout: number;
    readonly handshakeTimeout: number;
    readonly halfClosedTimeout: number;
    readonly sessionsPerAgent: number;
    readonly sessionsPerAddress: number;
    /** Maximum number of sessions accepted per second; agents that exceed it are asked to retry later. */
    readonly acceptRate: number;
    /** Total bytes of the receive windows of all sessions. */
    readonly memoryBudget: number;
    /** Ranges of load balancers, whose connections begin with a PROXY header. Undefined: agents connect directly. */
    readonly proxyProtocol: { readonly from: readonly string[] } | undefined;
  };
  readonly resume: {
    /** Default of the connections' `resumeFor`. */
    readonly for: number;
    /** The same for an agent whose sessions were closed, as they are when its process ends. */
    readonly reconnectTimeout: number;
  };
  readonly drain: { readonly settle: number; readonly spread: number; readonly timeout: number };
  readonly health: {
    readonly heartbeatInterval: number;
    readonly staleAfter: number;
    readonly maxClockSkew: number;
    readonly certificateExpiryWarning: number;
    readonly failingOpensPercent: number;
    readonly failingOpensMinimum: number;
    readonly failingOpensWindow: number;
  };
  readonly alerts: readonly {
    readonly condition: AlertCondition;
    readonly for: number;
    readonly receivers: readonly string[];
  }[];
  readonly receivers: readonly AlertReceiver[];
  readonly connectionLog: {
    readonly store: 'on' | 'off';
    readonly retention: number;
    readonly maxSize: number;
    readonly lines: 'all' | 'failed' | 'none';
  };
  readonly log: { readonly level: LogLevel };
};
