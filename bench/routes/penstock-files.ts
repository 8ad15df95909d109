import { join } from 'node:path';
import type { Address } from './route.ts';

/** Names within the benchmark's own pair. */
export const names = { pool: 'bench', connector: 'target', agent: 'bench-agent' } as const;

/** Well above what any cell opens, so that no limit is measured by accident. */
const CONNECTIONS = 4000;
const SESSIONS = 4000;

/** gateway.yaml, as JSON, which is YAML. Everything that is left out is as shipped. */
export function gatewayFile(settings: {
  readonly directory: string;
  readonly tunnel: Address;
  readonly admin: Address;
  readonly ingress: Address;
}): string {
  return JSON.stringify({
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'bench',
    listen: { tunnel: text(settings.tunnel), admin: text(settings.admin) },
    dataDirectory: join(settings.directory, 'gateway'),
    pools: [{ name: names.pool }],
    connections: [
      {
        name: 'bench',
        connector: names.connector,
        pools: [names.pool],
        maxConnections: CONNECTIONS,
        ingress: [{ tcp: text(settings.ingress), allow: ['127.0.0.0/8', '10.9.0.0/24'] }],
      },
    ],
    tunnel: { acceptRate: SESSIONS, sessionsPerAddress: SESSIONS, sessionsPerAgent: 32 },
  });
}

export type AgentSettings = {
  readonly directory: string;
  /** The gateway's tunnel port. */
  readonly tunnel: Address;
  readonly pins: readonly string[];
  readonly sessions: number;
  readonly target: Address;
  readonly local: Address;
};

/** agent.yaml. The token comes in the environment. */
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
      { name: names.connector, kind: 'tcp', address: text(settings.target), maxStreams: CONNECTIONS },
    ],
    local: { listen: text(settings.local) },
  });
}

export const TOKEN_VARIABLE = 'PENSTOCK_ENROLLMENT_TOKEN';

const text = ({ host, port }: Address) => `${host}:${port}`;
