import type { ConfigVersion, ConnectorKind, HostPort, LogLevel } from './agent-config.ts';
import type { Ingress } from './ingress.ts';
import type { Secret } from './secret.ts';

/** What an operator may ask of an agent or a pool, and a pool may have wait for an admin. */
export const approvableActions = ['drain', 'resume', 'restart', 'pin', 'logs', 'probe'] as const;
export type ApprovableAction = (typeof approvableActions)[number];

export type Pool = {
  readonly name: string;
  readonly pinning: 'enforce' | 'warn' | 'off';
  readonly minReady: number;
  /** Clients that wait while no agent of the pool is there, and how long each does. */
  readonly queue: { readonly limit: number; readonly timeout: number };
  /** What waits for an admin when an operator asks for it. */
  readonly requireApproval: readonly ApprovableAction[];
};

export type Connection = {
  readonly name: string;
  readonly connector: string;
  /** What the agents' files say of the connector, as far as this file repeats it. */
  readonly kind: ConnectorKind | undefined;
  /** Acceptable pools, in order of preference. */
  readonly pools: readonly string[];
  readonly maxConnections: number;
  readonly ingress: readonly Ingress[];
};

/** Who hears of alerts. */
export type AlertReceiver = {
  readonly name: string;
  readonly webhook: Secret;
  readonly format: 'json' | 'slack';
  /** Signs messages; undefined leaves them unsigned. */
  readonly secret: Secret | undefined;
  readonly groupWait: number;
};

/** What an alert can be about. */
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
  'software-outdated',
] as const;
export type AlertCondition = (typeof alertConditions)[number];

/** Durations are milliseconds, sizes are bytes. */
export type GatewayConfig = ConfigVersion & {
  readonly organization: string;
  readonly listen: { readonly tunnel: HostPort; readonly admin: HostPort };
  readonly dataDirectory: string;
  /** Left out in the file: a server certificate made once by `init` in the data directory. PEM both. */
  readonly tunnelTls: { readonly certificate: string; readonly key: Secret } | undefined;
  /** What the admin address shows; plain HTTP when undefined. PEM both. */
  readonly adminTls: { readonly certificate: string; readonly key: Secret } | undefined;
  readonly store: 'embedded';
  readonly pools: readonly Pool[];
  readonly connections: readonly Connection[];
  /** What clients see where their TLS ends at the gateway; the certificate of `tunnelTls` when undefined. PEM all. */
  readonly ingressTls:
    | {
        readonly certificate: string;
        readonly key: Secret;
        /** With these, every client must show a certificate that one of them issued. */
        readonly clientCa: string | undefined;
      }
    | undefined;
  readonly limits: {
    readonly connectionsPerAddress: number;
    /** Clients at once that have not yet said which connection they want, and how long each may take. */
    readonly pendingHandshakes: number;
    readonly handshakeTimeout: number;
    /** Silence in both directions that ends a client connection; 0 for never. */
    readonly idleTimeout: number;
  };
  readonly identity: { readonly certificateLifetime: number };
  readonly dial: {
    readonly attemptTimeout: number;
    readonly totalTimeout: number;
    readonly maxAttempts: number;
  };
  readonly ejection: {
    /** Failed opens in a row before an agent is passed over. */
    readonly consecutiveFailures: number;
    /** First time out of rotation; doubles with every further ejection, up to ten times. */
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
    /** Sessions accepted a second, beyond which agents are asked to come back later. */
    readonly acceptRate: number;
    /** Bytes of receive windows all sessions together may promise. */
    readonly memoryBudget: number;
  };
  readonly drain: { readonly timeout: number };
  readonly health: {
    readonly heartbeatInterval: number;
    readonly staleAfter: number;
    readonly maxClockSkew: number;
    readonly certificateExpiryWarning: number;
  };
  readonly alerts: readonly {
    readonly condition: AlertCondition;
    readonly for: number;
    readonly receivers: readonly string[];
  }[];
  readonly receivers: readonly AlertReceiver[];
  readonly log: { readonly level: LogLevel };
};
