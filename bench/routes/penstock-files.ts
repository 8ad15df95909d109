import { join } from 'node:path';
import { CERTIFICATE_NAME } from './cipher.ts';
import type { Address, Target } from './route.ts';

/** Names in the benchmark's configuration files. */
export const names = {
  pool: 'bench',
  connector: 'target',
  tlsConnector: 'target-tls',
  agent: 'bench-agent',
} as const;

/** The connections of gateway.yaml. */
export const connections = {
  plain: 'bench',
  passthrough: 'bench-passthrough',
  terminate: 'bench-terminate',
} as const;

/** Addresses of the ingress other than `tcp`. */
export type OtherIngress = {
  readonly passthrough: Address;
  readonly terminate: Address;
  readonly socks5: Address;
  readonly httpConnect: Address;
};

/** Well above what any cell opens, so that no limit affects a measurement. */
const CONNECTIONS = 4000;
const SESSIONS = 4000;

/** gateway.yaml, as JSON, which is valid YAML. Everything else has its default. */
export function gatewayFile(settings: {
  readonly directory: string;
  readonly tunnel: Address;
  readonly admin: Address;
  readonly ingress: Address;
  readonly otherIngress: OtherIngress;
  readonly certificate: { readonly certificate: string; readonly key: string };
}): string {
  const { otherIngress } = settings;
  return JSON.stringify({
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'bench',
    listen: { tunnel: text(settings.tunnel), admin: text(settings.admin) },
    dataDirectory: join(settings.directory, 'gateway'),
    pools: [{ name: names.pool }],
    ingressTls: settings.certificate,
    connections: [
      connection(connections.plain, names.connector, [
        { tcp: text(settings.ingress) },
        { socks5: { listen: text(otherIngress.socks5) }, grant: 'none' },
        { httpConnect: { listen: text(otherIngress.httpConnect) }, grant: 'none', tls: 'off' },
      ]),
      connection(connections.passthrough, names.tlsConnector, [
        { sni: { listen: text(otherIngress.passthrough), host: CERTIFICATE_NAME }, mode: 'passthrough' },
      ]),
      connection(connections.terminate, names.connector, [
        { sni: { listen: text(otherIngress.terminate), host: CERTIFICATE_NAME }, mode: 'terminate' },
      ]),
    ],
    tunnel: { acceptRate: SESSIONS, sessionsPerAddress: SESSIONS, sessionsPerAgent: 32 },
  });
}

const connection = (name: string, connector: string, ingress: readonly object[]) => ({
  name,
  connector,
  pools: [names.pool],
  maxConnections: CONNECTIONS,
  ingress: ingress.map((each) => ({ ...each, allow: ['127.0.0.0/8', '10.9.0.0/24'] })),
});

export type AgentSettings = {
  readonly directory: string;
  /** The gateway's tunnel port. */
  readonly tunnel: Address;
  readonly pins: readonly string[];
  readonly sessions: number;
  readonly target: Target;
  readonly local: Address;
};

/** agent.yaml. The token is in the environment. */
export function agentFile(settings: AgentSettings): string {
  return JSON.stringify({
    apiVersion: 'penstock/v1',
    kind: 'Agent',
    version: 1,
    name: names.agent,
    pool: names.pool,
    gateway: {
      url: `https://${text(settings.tunnel)}`,
      pins: settings.pins,
      trust: 'pins',
      sessions: settings.sessions,
      proxy: 'none',
    },
    identity: {
      directory: join(settings.directory, 'agent'),
      enrollmentToken: `\${env:${TOKEN_VARIABLE}}`,
    },
    connectors: [
      {
        name: names.connector,
        kind: 'tcp',
        address: text(settings.target),
        maxConnections: CONNECTIONS,
        // For clients whose TLS the gateway terminates.
        tls: { mode: 'disable' },
      },
      {
        name: names.tlsConnector,
        kind: 'tcp',
        address: text({ host: settings.target.host, port: settings.target.tls.port }),
        maxConnections: CONNECTIONS,
      },
    ],
    local: { listen: text(settings.local) },
  });
}

export const TOKEN_VARIABLE = 'PENSTOCK_ENROLLMENT_TOKEN';

const text = ({ host, port }: Address) => `${host}:${port}`;
