import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf, type Program } from './bundle.ts';

/** The example configuration for a host whose service comes from a package. */
export async function exampleFile(root: string, program: Program): Promise<string> {
  const text = await readFile(join(root, 'examples/production', `${folderOf(program)}.yaml`), 'utf8');
  return text
    .split('\n')
    .filter((line) => !line.startsWith('# yaml-language-server'))
    .join('\n')
    .replace(/^#\n/, '')
    .replace('/run/secrets/enrollment-token', '/run/credentials/penstock-agent.service/enrollment-token');
}

/** The systemd unit in a package. */
export function unitFile(program: Program): string {
  const name = folderOf(program);
  return `[Unit]
Description=Penstock ${name}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0
ConditionPathExists=/etc/penstock/${name}.yaml

[Service]
Type=exec
ExecStart=/opt/penstock/current/${program} run --config /etc/penstock/${name}.yaml
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1s
TimeoutStopSec=330s
DynamicUser=yes
User=${program}
StateDirectory=${program}
StateDirectoryMode=0700
UMask=0077
WorkingDirectory=/var/lib/${program}
Environment=HOSTNAME=%H
EnvironmentFile=-/etc/penstock/${program}.env
${program === 'penstock-agent' ? 'LoadCredential=enrollment-token:penstock-agent.enrollment-token\n' : ''}LimitNOFILE=524288
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
LimitCORE=0

[Install]
WantedBy=multi-user.target
`;
}
