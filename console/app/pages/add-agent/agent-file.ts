import type { Way } from './ways.ts';

/** Where agents connect. */
export type Tunnel = { readonly host?: string; readonly port: number; readonly pins: readonly string[] };

/** agent.yaml for a new agent that is run this way. It lacks only what its owners know: the targets. */
export function agentFile(
  { pool, name }: { readonly pool: string; readonly name: string },
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
    '  - name: orders-db          # as connections[].connector in gateway.yaml',
    '    kind: postgresql',
    '    address: 127.0.0.1:5432  # as this host reaches the database',
    'gateway:',
    `  url: https://${hostOf(tunnel)}:${tunnel.port}${tunnel.host === undefined ? '  # the name by which this host reaches the gateway' : ''}`,
    '  pins:',
    ...tunnel.pins.map((pin) => `    - ${pin}`),
    '  trust: pins',
    '',
  ].join('\n');
}

const hostOf = ({ host = 'gateway.example.com' }: Tunnel) => (host.includes(':') ? `[${host}]` : host);
