export type AgentCommand = { readonly key: string; readonly title: string; readonly text: string };

export type AgentSetup = {
  readonly pool: string;
  readonly name: string;
  readonly token: string;
};

/** A name as an argument of a shell. Names have no characters that a shell would interpret, but a token comes from the gateway. */
const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Where agents connect. */
export type Tunnel = { readonly host?: string; readonly port: number; readonly pins: readonly string[] };

/** agent.yaml for a new agent, which lacks only what its owners know: the targets. */
export function agentFile({ pool, name }: Pick<AgentSetup, 'pool' | 'name'>, tunnel: Tunnel): string {
  return [
    'apiVersion: penstock/v1',
    'kind: Agent',
    'version: 1',
    `name: ${name}`,
    `pool: ${pool}`,
    'identity:',
    '  directory: agent-data',
    '  enrollmentToken: ${file:enrollment-token}',
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

/** How to put the token on the agent’s host and start the agent, by the way it is run. */
export function agentCommands({ token }: Pick<AgentSetup, 'token'>): AgentCommand[] {
  const write = `(umask 077; printf %s ${quoted(token)} >enrollment-token)`;
  return [
    {
      key: 'host',
      title: 'On a host',
      text: `${write}\npenstock-agent config validate agent.yaml\npenstock-agent run --config agent.yaml\n`,
    },
    {
      key: 'container',
      title: 'Container',
      text: `${write}\nsudo chown 65532 enrollment-token\nsed -i 's|directory: agent-data|directory: /var/lib/penstock-agent|' agent.yaml\ndocker run --detach --restart unless-stopped --name penstock-agent \\\n  --volume "$PWD:/etc/penstock:ro" --volume penstock-agent:/var/lib/penstock-agent \\\n  penstock-agent\n`,
    },
    {
      key: 'kubernetes',
      title: 'Kubernetes',
      text: `kubectl create secret generic penstock-agent-token --from-literal=token=${quoted(token)}\nsed -i -e 's|directory: agent-data|directory: /var/lib/penstock-agent/identity|' -e 's|file:enrollment-token|file:/run/secrets/penstock/token|' agent.yaml\nhelm install penstock-agent penstock-agent-X-chart.tgz --set image.repository=IMAGE --set-file config=agent.yaml\n`,
    },
  ];
}
