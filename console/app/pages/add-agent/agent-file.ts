import type { Way } from './ways.ts';

/** Where agents connect. */
export type Tunnel = { readonly host?: string; readonly port: number; readonly pins: readonly string[] };

/** agent.yaml for a new agent that is run this way. It lacks only what its owners know: the targets. */
export function agentFile(
  {
    pool,
    name,
    connector: { connector = 'orders-db', kind = 'postgresql' } = {},
  }: {
    readonly pool: string;
    readonly name: string;
    /** What a connection of the pool asks its agents for; an example if there is none yet. */
    readonly connector?: { readonly connector?: string; readonly kind?: string | undefined } | undefined;
  },
  { key, directory, token }: Pick<Way, 'key' | 'directory' | 'token'>,
  tunnel: Tunnel,
): string {
  return [
    'apiVersion: penstock/v1',
    'kind: Agent',
    'version: 1',
    key === 'kubernetes' ? `name: ${pool}-\${env:HOSTNAME}    # one for each pod` : `name: ${name}`,
    `pool: ${pool}`,
    'identity:',
    `  directory: ${directory}`,
    `  enrollmentToken: \${file:${token}}`,
    'connectors:',
    `  - name: ${connector}  # as connections[].connector in gateway.yaml`,
    `    kind: ${kind}`,
    `    address: ${examples[kind] ?? 'db.internal:5432'}  # as this host reaches the target`,
    'gateway:',
    `  url: https://${hostOf(tunnel)}:${tunnel.port}${tunnel.host === undefined ? '  # the name by which this host reaches the gateway' : ''}`,
    '  pins:',
    ...tunnel.pins.map((pin) => `    - ${pin}`),
    '  trust: pins',
    '',
  ].join('\n');
}

/** With the usual port of what is behind it. */
const examples: Readonly<Record<string, string>> = {
  postgresql: '127.0.0.1:5432',
  mysql: '127.0.0.1:3306',
  sqlserver: '127.0.0.1:1433',
  oracle: '127.0.0.1:1521',
  mongodb: '127.0.0.1:27017',
  redis: '127.0.0.1:6379',
  http: '127.0.0.1:80',
};

const hostOf = ({ host = 'gateway.example.com' }: Tunnel) => (host.includes(':') ? `[${host}]` : host);
