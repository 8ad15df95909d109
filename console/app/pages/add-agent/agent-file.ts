import type { Way } from './ways.ts';

/** Where agents connect. */
export type Tunnel = { readonly host?: string; readonly port: number; readonly pins: readonly string[] };

export type Connector = { readonly connector: string; readonly kind?: string };

/** agent.yaml for a new agent that is run this way. It lacks only what its owners know: the targets. */
export function agentFile(
  {
    pool,
    name,
    connectors = [],
  }: {
    readonly pool: string;
    readonly name: string;
    /** What the connections of the pool ask its agents for; an example if there is none yet. */
    readonly connectors?: readonly Connector[];
  },
  { key, directory, token }: Pick<Way, 'key' | 'directory' | 'token'>,
  tunnel: Tunnel,
): string {
  return [
    'apiVersion: penstock/v1',
    'kind: Agent',
    'version: 1',
    key === 'kubernetes'
      ? `name: ${pool}-\${env:HOSTNAME}    # one for each pod`
      : `name: ${name}  # unique for each agent`,
    `pool: ${pool}`,
    'identity:',
    `  directory: ${directory}`,
    `  enrollmentToken: \${file:${token}}`,
    'connectors:',
    ...distinct(connectors).flatMap(({ connector, kind }) => [
      `  - name: ${connector}  # as connections[].connector in gateway.yaml`,
      `    kind: ${kind}`,
      `    address: ${examples[kind] ?? 'db.internal:5432'}  # as this host reaches the target`,
    ]),
    'gateway:',
    `  url: https://${hostOf(tunnel)}:${tunnel.port}${tunnel.host === undefined ? '  # the name by which this host reaches the gateway' : ''}`,
    '  pins:',
    ...tunnel.pins.map((pin) => `    - ${pin}`),
    '  trust: pins',
    '',
  ].join('\n');
}

/** Each connector once, with the kind that any of its connections has. */
function distinct(connectors: readonly Connector[]): readonly Required<Connector>[] {
  const kinds = new Map<string, string | undefined>();
  for (const { connector, kind } of connectors) kinds.set(connector, kinds.get(connector) ?? kind);
  if (kinds.size === 0) kinds.set('orders-db', undefined);
  return [...kinds].map(([connector, kind = 'postgresql']) => ({ connector, kind }));
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
