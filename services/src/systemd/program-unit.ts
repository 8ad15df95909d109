import { hostLayout, type Layout, type ProgramName } from '../layout.ts';
import { hardening } from './hardening.ts';
import { environmentLine, escapePercent, execWord, type UnitSetting, unitText } from './unit-file.ts';

/** A service of one of the programs, as its owner wants it. */
export type ProgramService = {
  readonly program: ProgramName;
  /** Of the unit, the user, and the state directory. The program's name unless a host has several. */
  readonly name: string;
  /** Absolute path of the configuration file. */
  readonly config: string;
  /** Executable and arguments before `run`. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether this process can notify systemd itself; otherwise systemd-notify does. */
  readonly notifiesItself: boolean;
  /** Of the host: settings that an older systemd does not know are left out. */
  readonly systemdVersion: number;
  /** Whether an updater on this host switches the version. Only agents have one. */
  readonly hasUpdater: boolean;
};

/** The time after which systemd takes a program for stuck that does not answer. */
const WATCHDOG = '30s';

export const tokenCredential = (name: string): string => `${name}.enrollment-token`;

/** Where the program finds its token. agent.yaml refers to it. */
export const tokenPath = (name: string): string => `/run/credentials/${name}.service/enrollment-token`;

/** NAME.service. */
export function programUnit(service: ProgramService, layout: Layout = hostLayout): string {
  const { program, name, config, command, hasUpdater } = service;
  const title = program === 'penstock-agent' ? 'Penstock agent' : 'Penstock gateway';
  return unitText([
    [
      'Unit',
      [
        ['Description', name === program ? title : `${title} ${name}`],
        ['Documentation', 'https://github.com/penstock-dev/penstock'],
        ['Wants', 'network-online.target'],
        ['After', 'network-online.target'],
        ...(hasUpdater ? ([['After', 'penstock-updater-boot.service']] as const) : []),
        // A host whose gateway is away for a day must come back by itself.
        ['StartLimitIntervalSec', '0'],
      ],
    ],
    [
      'Service',
      [
        ['Type', 'notify'],
        ['NotifyAccess', service.notifiesItself ? 'main' : 'all'],
        ['ExecStart', [...command, 'run', '--config', config].map(execWord).join(' ')],
        ['ExecReload', '/bin/kill -HUP $MAINPID'],
        ['Restart', 'always'],
        ['RestartSec', '1s'],
        ...(service.systemdVersion >= 254
          ? ([
              ['RestartSteps', '6'],
              ['RestartMaxDelaySec', '60s'],
            ] as const)
          : []),
        ['WatchdogSec', WATCHDOG],
        ['TimeoutStartSec', '60s'],
        // The program asks for as much as its drain.timeout needs.
        ['TimeoutStopSec', '30s'],
        ['DynamicUser', 'yes'],
        ['User', name],
        ['PrivateUsers', 'yes'],
        ['StateDirectory', name],
        ['StateDirectoryMode', '0700'],
        ['RuntimeDirectory', name],
        ['RuntimeDirectoryMode', '0700'],
        ['RuntimeDirectoryPreserve', 'restart'],
        ['UMask', '0077'],
        ['WorkingDirectory', `/var/lib/${name}`],
        ...(program === 'penstock-agent'
          ? ([['LoadCredential', `enrollment-token:${tokenCredential(name)}`]] as const)
          : []),
        ['EnvironmentFile', `-/etc/penstock/${name}.env`],
        ...environmentSettings(service, layout),
        ['LimitNOFILE', '524288'],
        ...hardening,
        ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
      ],
    ],
    ['Install', [['WantedBy', 'multi-user.target']]],
  ]);
}

function environmentSettings(service: ProgramService, layout: Layout): readonly UnitSetting[] {
  const { environment, hasUpdater } = service;
  const lines = [
    'HOSTNAME=%H',
    'NODE_ENV=production',
    ...(hasUpdater ? [`PENSTOCK_UPGRADER=${escapePercent(layout.updater)}`] : []),
    ...Object.entries(environment).map(([key, value]) => environmentLine(key, value)),
  ];
  return [['Environment', lines]];
}
