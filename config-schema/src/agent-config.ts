import type { ReleaseSource } from './field/release-source.ts';
import type { Secret } from './secret.ts';
import type { JsonValue } from './yaml/tree.ts';

/** Durations are milliseconds, sizes are bytes. */
export type HostPort = { readonly host: string; readonly port: number };

/** Version and digest of the configuration file; what the control plane pins. */
export type ConfigVersion = { readonly version: number; readonly digest: string };

export const connectorKinds = [
  'postgresql',
  'mysql',
  'sqlserver',
  'oracle',
  'mongodb',
  'redis',
  'http',
  'tcp',
] as const;
export type ConnectorKind = (typeof connectorKinds)[number];

export const targetTlsModes = ['disable', 'prefer', 'require', 'verify-full'] as const;

/** TLS between the agent and a target. Certificates and keys are PEM. */
export type TargetTls = {
  readonly mode: (typeof targetTlsModes)[number];
  /** Trusted CAs; undefined: the CAs that the host trusts. */
  readonly ca: string | undefined;
  /** Server name to send and to require in the certificate; undefined: the host of the address. */
  readonly serverName: string | undefined;
  /** Client certificate for the target; both fields are set, or neither. */
  readonly certificate: string | undefined;
  readonly key: Secret | undefined;
};

export type Connector = {
  readonly name: string;
  readonly kind: ConnectorKind;
  readonly address: HostPort;
  readonly maxConnections: number;
  readonly dialTimeout: number;
  readonly check: { readonly interval: number } | undefined;
  /** Undefined: the agent does not use TLS with this target. */
  readonly tls: TargetTls | undefined;
  /** Additional hosts that the target redirects its clients to; clients may request these as well. */
  readonly alternates: readonly HostPort[];
  /** Version of the PROXY protocol header that sends each client's address to the target. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
};

/** `env` uses HTTPS_PROXY and NO_PROXY; the whole URL is a secret, because it may contain credentials. */
export type ProxySetting = 'env' | 'none' | Secret;

export type ProbeRule = {
  readonly host: string;
  readonly ports: { readonly from: number; readonly to: number };
};

export type AgentConfig = ConfigVersion & {
  /** The file's content before references are resolved, which the digest covers. Contains no secrets. */
  readonly content: JsonValue;
  readonly name: string;
  readonly pool: string;
  readonly gateway: {
    readonly url: string;
    readonly address: HostPort;
    /** `sha256/…=` of the SPKI of the gateway's certificate or of a CA in its chain. Never empty. */
    readonly pins: readonly string[];
    readonly trust: 'system' | 'pins';
    readonly sessions: number;
    /** With those that are added under load; at least `sessions`. */
    readonly maxSessions: number;
    readonly proxy: ProxySetting;
  };
  readonly identity: {
    readonly directory: string;
    readonly enrollmentToken: Secret | undefined;
    /** Why the reference of `enrollmentToken` has no value, as one sentence without secrets. */
    readonly enrollmentTokenMissing?: string | undefined;
  };
  readonly connectors: readonly Connector[];
  readonly policy: {
    /** CIDR ranges that the agent never dials, checked against the resolved address. */
    readonly deny: readonly string[];
    readonly probe: { readonly allow: readonly ProbeRule[] };
    /** The longest time that a connection to a target is kept without a session; 0: never. */
    readonly resume: number;
    readonly remote: {
      readonly logs: 'allow' | 'deny';
      readonly restart: 'allow' | 'deny';
      readonly upgrade: 'deny' | 'window' | 'allow';
    };
  };
  readonly upgrade: {
    readonly source: ReleaseSource;
    /** Versions kept on the host. */
    readonly keep: number;
  };
  readonly dns: { readonly cacheTtl: number; readonly cacheSize: number };
  readonly health: { readonly sampleInterval: number; readonly sample: readonly ('cpu' | 'memory')[] };
  readonly tunnel: {
    readonly pingInterval: number;
    readonly pingTimeout: number;
    readonly halfClosedTimeout: number;
    /** Total bytes of the receive windows of all sessions. */
    readonly memoryBudget: number;
    readonly reconnect: { readonly base: number; readonly max: number };
  };
  readonly drain: { readonly timeout: number };
  readonly log: { readonly level: LogLevel; readonly recent: number };
  readonly local: { readonly listen: HostPort };
};

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
