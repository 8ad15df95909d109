import type { Secret } from './secret.ts';
import type { JsonValue } from './yaml/tree.ts';

/** Durations are milliseconds, sizes are bytes. */
export type HostPort = { readonly host: string; readonly port: number };

/** Version and digest of the file the configuration came from; what the control plane pins. */
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

/** How the agent speaks TLS with a target. PEM all. */
export type TargetTls = {
  readonly mode: (typeof targetTlsModes)[number];
  /** Trusted CAs; those of the host when undefined. */
  readonly ca: string | undefined;
  /** Name to ask for and to find in the certificate; the host of the address when undefined. */
  readonly serverName: string | undefined;
  /** What the agent shows to the target; both or neither. */
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
  /** Undefined: the agent speaks no TLS of its own with this target. */
  readonly tls: TargetTls | undefined;
  /** Further hosts that the target redirects its clients to; clients may ask for these as well. */
  readonly alternates: readonly HostPort[];
  /** The target is told each client's address, in this version of the PROXY protocol. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
};

/** `env` reads HTTPS_PROXY and NO_PROXY; the whole URL is a secret, since it may carry credentials. */
export type ProxySetting = 'env' | 'none' | Secret;

export type ProbeRule = {
  readonly host: string;
  readonly ports: { readonly from: number; readonly to: number };
};

export type AgentConfig = ConfigVersion & {
  /** The file's content before references are resolved: what the digest covers. It holds no secret. */
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
    readonly proxy: ProxySetting;
  };
  readonly identity: {
    readonly directory: string;
    readonly enrollmentToken: Secret | undefined;
    /** Which reference of `enrollmentToken` gave nothing, and why, as one sentence without any secret. */
    readonly enrollmentTokenMissing?: string | undefined;
  };
  readonly connectors: readonly Connector[];
  readonly policy: {
    /** CIDR ranges the agent never dials, checked on the resolved address. */
    readonly deny: readonly string[];
    readonly probe: { readonly allow: readonly ProbeRule[] };
    readonly remote: {
      readonly logs: 'allow' | 'deny';
      readonly restart: 'allow' | 'deny';
      readonly upgrade: 'allow' | 'deny';
    };
  };
  readonly dns: { readonly cacheTtl: number; readonly cacheSize: number };
  readonly health: { readonly sampleInterval: number; readonly sample: readonly ('cpu' | 'memory')[] };
  readonly tunnel: {
    readonly pingInterval: number;
    readonly pingTimeout: number;
    readonly halfClosedTimeout: number;
    /** Bytes of receive windows all sessions together may promise. */
    readonly memoryBudget: number;
    readonly reconnect: { readonly base: number; readonly max: number };
  };
  readonly drain: { readonly timeout: number };
  readonly log: { readonly level: LogLevel; readonly recent: number };
  readonly local: { readonly listen: HostPort };
};

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
