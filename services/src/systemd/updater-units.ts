import { hostLayout, type Layout } from '../layout.ts';
import { hardening } from './hardening.ts';
import { execWord, type UnitSetting, unitText } from './unit-file.ts';

export type UpdaterUnits = {
  /** Names of the agents of this host, as their units. */
  readonly agents: readonly string[];
  /** Executable and arguments before `updater`. */
  readonly command: readonly string[];
  /** Of the host: settings that an older systemd does not know are left out. */
  readonly systemdVersion: number;
};

const DESCRIPTION = 'Penstock updater';

/**
 * The units of the updater. It runs as root, outside the agent, and has no network: all that it knows of the world are
 * files that agents have fetched, and the release keys that it was built with.
 */
export function updaterUnits(
  { agents, command, systemdVersion }: UpdaterUnits,
  layout: Layout = hostLayout,
): Readonly<Record<string, string>> {
  const services = agents.map((agent) => `${agent}.service`);
  const exec = (...words: readonly string[]) => [...command, 'updater', ...words].map(execWord).join(' ');
  return {
    'penstock-updater.service': unitText([
      [
        'Unit',
        [
          ['Description', DESCRIPTION],
          ['After', 'penstock-updater-boot.service'],
          ['StartLimitIntervalSec', '0'],
        ],
      ],
      [
        'Service',
        [
          ['Type', 'exec'],
          ['ExecStart', exec()],
          // It ends when nothing is left to do. Killed in the middle, it goes on where it was.
          ['Restart', 'on-failure'],
          ['RestartSec', '5s'],
          ...(systemdVersion >= 254
            ? ([
                ['RestartSteps', '6'],
                ['RestartMaxDelaySec', '5min'],
              ] as const)
            : []),
          // Where it says what keeps it from going on: the disk of its state may be full.
          ['RuntimeDirectory', 'penstock-updater'],
          ['RuntimeDirectoryMode', '0755'],
          ...confinement(layout),
        ],
      ],
    ]),
    'penstock-updater-boot.service': unitText([
      [
        'Unit',
        [
          ['Description', `${DESCRIPTION}, finishing a switch that was interrupted`],
          ['Before', services.join(' ')],
          ['ConditionPathExists', layout.updater],
        ],
      ],
      ['Service', [['Type', 'oneshot'], ['ExecStart', exec('--boot')], ...confinement(layout)]],
      ['Install', [['WantedBy', 'multi-user.target']]],
    ]),
    'penstock-updater.path': unitText([
      ['Unit', [['Description', `${DESCRIPTION}, when an agent asks for it`]]],
      [
        'Path',
        [
          // The directory of a dynamic user is below private; the path without it is a link.
          ['PathChanged', agents.flatMap((agent) => requestPaths(agent))],
          ['Unit', 'penstock-updater.service'],
        ],
      ],
      ['Install', [['WantedBy', 'multi-user.target']]],
    ]),
    'penstock-updater.timer': unitText([
      ['Unit', [['Description', `${DESCRIPTION}, if a request was missed`]]],
      [
        'Timer',
        [
          ['OnBootSec', '3min'],
          ['OnUnitInactiveSec', '15min'],
          ['RandomizedDelaySec', '2min'],
        ],
      ],
      ['Install', [['WantedBy', 'timers.target']]],
    ]),
  };
}

const requestPaths = (agent: string) => [
  `/run/private/${agent}/upgrade-request.json`,
  `/run/${agent}/upgrade-request.json`,
];

function confinement(layout: Layout): readonly UnitSetting[] {
  return [
    ['StateDirectory', 'penstock-updater'],
    ['StateDirectoryMode', '0755'],
    ['ReadWritePaths', `-${layout.home}`],
    ['UMask', '0022'],
    ...hardening.filter(([name]) => name !== 'CapabilityBoundingSet'),
    // Agents keep their files to themselves.
    ['CapabilityBoundingSet', 'CAP_DAC_READ_SEARCH'],
    ['PrivateNetwork', 'yes'],
    ['IPAddressDeny', 'any'],
    ['RestrictAddressFamilies', 'AF_UNIX'],
  ];
}
