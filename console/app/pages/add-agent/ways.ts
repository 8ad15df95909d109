/** How an agent can be run on its host. */
export type WayKey = 'systemd' | 'docker' | 'compose' | 'kubernetes' | 'windows' | 'foreground';

export type Way = {
  readonly key: WayKey;
  readonly title: string;
  /** Where agent.yaml belongs on the host. */
  readonly file: string;
  /** Where the agent keeps its key and certificate. */
  readonly directory: string;
  /** The reference to the file with the token, as the agent sees it. */
  readonly token: string;
  /** What has to be there before, in a sentence. */
  readonly needs: string;
  /** Ends the token's way into the shell's history, its rights and its place, then the start. */
  commands(token: string): string;
};

/** A text as an argument of a shell. A token comes from the gateway, and a shell must not interpret it. */
const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const quotedForPowerShell = (text: string) => `'${text.replaceAll("'", "''")}'`;
const inFile = (token: string) => `(umask 077; printf %s ${quoted(token)} >enrollment-token)`;

const COMPOSE_FILE = `services:
  penstock-agent:
    image: penstock-agent
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    stop_grace_period: 60s
    volumes:
      - ./agent.yaml:/etc/penstock/agent.yaml:ro
      - ./enrollment-token:/run/secrets/enrollment-token:ro
      - penstock-agent:/var/lib/penstock-agent
volumes:
  penstock-agent: {}
`;

export const ways: readonly Way[] = [
  {
    key: 'systemd',
    title: 'systemd',
    file: '/etc/penstock/agent.yaml',
    directory: '/var/lib/penstock-agent/identity',
    token: '/run/credentials/penstock-agent.service/enrollment-token',
    needs: 'Linux with systemd, and penstock-agent from the install script, a .deb or an .rpm.',
    commands: (token) =>
      [
        inFile(token),
        'penstock-agent config validate /etc/penstock/agent.yaml',
        'sudo penstock-agent service install --token-file enrollment-token && rm enrollment-token',
        '',
      ].join('\n'),
  },
  {
    key: 'docker',
    title: 'Docker',
    file: 'agent.yaml',
    directory: '/var/lib/penstock-agent',
    token: '/run/secrets/enrollment-token',
    needs: 'Docker or Podman, and the image penstock-agent.',
    commands: (token) =>
      [
        inFile(token),
        'sudo chown 65532 enrollment-token   # the user of the image',
        'docker run --detach --name penstock-agent --restart unless-stopped --stop-timeout 60 \\',
        '  --read-only --cap-drop ALL \\',
        '  --volume "$PWD/agent.yaml:/etc/penstock/agent.yaml:ro" \\',
        '  --volume "$PWD/enrollment-token:/run/secrets/enrollment-token:ro" \\',
        '  --volume penstock-agent:/var/lib/penstock-agent \\',
        '  penstock-agent',
        '',
      ].join('\n'),
  },
  {
    key: 'compose',
    title: 'Compose',
    file: 'agent.yaml',
    directory: '/var/lib/penstock-agent',
    token: '/run/secrets/enrollment-token',
    needs: 'Docker Compose, and the image penstock-agent. Replaces compose.yaml in this folder.',
    commands: (token) =>
      [
        inFile(token),
        'sudo chown 65532 enrollment-token   # the user of the image',
        "cat >compose.yaml <<'EOF'",
        `${COMPOSE_FILE}EOF`,
        'docker compose up --detach',
        '',
      ].join('\n'),
  },
  {
    key: 'kubernetes',
    title: 'Kubernetes',
    file: 'agent.yaml',
    directory: '/var/lib/penstock-agent/identity',
    token: '/run/secrets/penstock/token',
    needs: 'Helm, the chart, and the image in a registry of yours.',
    commands: (token) =>
      [
        `printf %s ${quoted(token)} | kubectl create secret generic penstock-agent-token --from-file=token=/dev/stdin`,
        'helm install penstock-agent penstock-agent-X-chart.tgz --set replicas=1 \\',
        '  --set image.repository=registry.example.com/penstock-agent --set-file config=agent.yaml',
        '',
      ].join('\n'),
  },
  {
    key: 'windows',
    title: 'Windows',
    file: String.raw`C:\ProgramData\Penstock\agent.yaml`,
    directory: String.raw`C:\ProgramData\Penstock\penstock-agent\identity`,
    token: String.raw`C:\ProgramData\Penstock\penstock-agent\enrollment-token`,
    needs: String.raw`PowerShell as an administrator, and penstock-agent.exe with shawl.exe in C:\Program Files\Penstock.`,
    commands: (token) =>
      [
        String.raw`$agent = "$env:ProgramFiles\Penstock\penstock-agent.exe"`,
        String.raw`$config = 'C:\ProgramData\Penstock\agent.yaml'`,
        '$token = New-TemporaryFile',
        `Set-Content -NoNewline -Path $token -Value ${quotedForPowerShell(token)}`,
        '& $agent config validate --no-references $config',
        '& $agent service install --config $config --token-file $token',
        'Remove-Item $token',
        '',
      ].join('\r\n'),
  },
  {
    key: 'foreground',
    title: 'Try it in a shell',
    file: 'agent.yaml',
    directory: 'agent-data',
    token: 'enrollment-token',
    needs: 'penstock-agent on the PATH. It runs until Ctrl-C.',
    commands: (token) =>
      [
        inFile(token),
        'penstock-agent config validate agent.yaml',
        'penstock-agent run --config agent.yaml',
        '',
      ].join('\n'),
  },
];
