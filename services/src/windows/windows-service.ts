import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { win32 } from 'node:path';
import type { ProgramName } from '../layout.ts';
import type { Step } from '../step.ts';
import { isSameCommandLine, windowsWord } from './command-line.ts';
import {
  commandStep,
  inSystem,
  STOP_TIMEOUT_MS,
  stopStep,
  type WindowsHost,
  WindowsServices,
} from './service-manager.ts';

/** A Windows service. shawl (github.com/mtkennerly/shawl) runs the program, since only a service can talk to the manager. */
export type WindowsService = {
  readonly name: string;
  readonly display: string;
  /** Executable and arguments. */
  readonly command: readonly string[];
  /** shawl.exe. */
  readonly shawl: string;
  /** Where the service works and logs. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Folders in which a program without one is looked for, in this order. */
  readonly path?: readonly string[];
  /** Content of the enrollment token; undefined leaves what is there. */
  readonly token?: string | undefined;
  /** `late` leaves it to the updater to start it at boot; Windows does so two minutes later, if the updater has not. */
  readonly atBoot: 'now' | 'late';
  /** `own`: an account that nothing else has. `system`: the one that may change executables and services. */
  readonly account: 'own' | 'system';
};

/** Exit codes after which the service restarts: 75 was asked for, 1 is a failure. 0 was a stop. */
const RESTART_CODES = '75,1';
export const DISPLAY: Readonly<Record<ProgramName, string>> = {
  'penstock-agent': 'Penstock agent',
  'penstock-gateway': 'Penstock gateway',
};

/** Well-known security identifiers, because the names depend on the language of the host. */
const SYSTEM = '*S-1-5-18';
const ADMINISTRATORS = '*S-1-5-32-544';
const USERS = '*S-1-5-32-545';

/** Where the enrollment token is: the service, administrators, and the system can read it. */
export const windowsTokenPath = ({ directory }: Pick<WindowsService, 'directory'>): string =>
  win32.join(directory, 'enrollment-token');

/** `shawl add`, and the command line that it leaves in the service. */
export function shawlWords(service: WindowsService): readonly string[] {
  const { name, directory, command, environment, path = [] } = service;
  return [
    '--name',
    name,
    '--cwd',
    directory,
    '--restart-if',
    RESTART_CODES,
    '--stop-timeout',
    String(STOP_TIMEOUT_MS),
    '--log-dir',
    directory,
    ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    ...path.flatMap((folder) => ['--path', folder]),
    '--',
    ...command,
  ];
}

/** Steps in the order in which they are done for several services at once. */
export type WindowsSteps = {
  readonly create: readonly Step[];
  readonly configure: readonly Step[];
  readonly start: readonly Step[];
};

/**
 * The commands that make the service what it should be: created or corrected, started at boot, restarted after a crash, under
 * an account of its own. Repeating them does no harm, so a half-installed service is repaired.
 */
export function windowsServiceSteps(service: WindowsService, host: WindowsHost): WindowsSteps {
  const { name, display, shawl, directory, token, atBoot, account } = service;
  const services = new WindowsServices(host);
  const create: Step[] = [];
  const configure: Step[] = [];
  const sc = (...words: readonly string[]) => commandStep(host, [inSystem(host, 'sc.exe'), ...words]);
  const folder = folderStep(directory);
  if (folder !== undefined) create.push(folder);
  const wanted = [shawl, 'run', ...shawlWords(service)].map(windowsWord).join(' ');
  const state = services.query(name)?.state;
  const isRight = state !== undefined && isSameCommandLine(services.commandLine(name), wanted);
  if (state === undefined) create.push(commandStep(host, [shawl, 'add', ...shawlWords(service)]));
  else if (!isRight) create.push(sc('config', name, 'binPath=', wanted));
  configure.push(
    sc(
      ...['config', name, 'start=', atBoot === 'now' ? 'auto' : 'delayed-auto'],
      ...['obj=', account === 'own' ? `NT SERVICE\\${name}` : 'LocalSystem', 'DisplayName=', display],
    ),
    ...(account === 'own' ? [sc('sidtype', name, 'unrestricted')] : []),
    sc('failure', name, 'reset=', '86400', 'actions=', 'restart/1000/restart/5000/restart/60000'),
    sc('failureflag', name, '1'),
    ...(account === 'own'
      ? accessSteps(host, directory, [`NT SERVICE\\${name}:(OI)(CI)M`])
      : readOnlySteps(host, directory)),
  );
  if (token !== undefined) {
    const file = windowsTokenPath(service);
    configure.push({
      title: `write ${file}`,
      run() {
        // A file that was there keeps whom it lets in.
        rmSync(file, { force: true });
        writeFileSync(file, token, { flag: 'wx' });
      },
    });
  }
  const start = [
    ...(state === 'RUNNING' && !isRight ? [stopStep(host, name)] : []),
    ...(state !== 'RUNNING' || !isRight ? [sc('start', name)] : []),
  ];
  return { create, configure, start };
}

export function folderStep(directory: string): Step | undefined {
  if (existsSync(directory)) return undefined;
  return { title: `create ${directory}`, run: () => void mkdirSync(directory, { recursive: true }) };
}

/** Has a folder belong to administrators, who and the system may do everything in it, and lets others in as well. */
function accessSteps(host: WindowsHost, directory: string, others: readonly string[]): readonly Step[] {
  const icacls = (...words: readonly string[]) =>
    commandStep(host, [inSystem(host, 'icacls.exe'), directory, ...words]);
  return [
    // Every user can create folders in C:\ProgramData with entries and files of their own, and an owner can always open them again.
    icacls('/setowner', ADMINISTRATORS, '/T'),
    icacls('/reset', '/T'),
    icacls(
      '/inheritance:r',
      ...[`${SYSTEM}:(OI)(CI)F`, `${ADMINISTRATORS}:(OI)(CI)F`, ...others].flatMap((entry) => [
        '/grant:r',
        entry,
      ]),
    ),
  ];
}

/** Every user, and so the account of an agent, can read the folder and run what is in it; none of them can change it. */
export const readOnlySteps = (host: WindowsHost, directory: string): readonly Step[] =>
  accessSteps(host, directory, [`${USERS}:(OI)(CI)RX`]);

/** The commands for a service alone. */
export function windowsInstallSteps(
  service: WindowsService,
  host: WindowsHost,
  isStarted: boolean,
): readonly Step[] {
  const { create, configure, start } = windowsServiceSteps(service, host);
  return [...create, ...configure, ...(isStarted ? start : [])];
}

export function windowsUninstallSteps(name: string, host: WindowsHost): readonly Step[] {
  const state = new WindowsServices(host).query(name)?.state;
  if (state === undefined) return [];
  return [
    ...(state === 'STOPPED' ? [] : [stopStep(host, name)]),
    commandStep(host, [inSystem(host, 'sc.exe'), 'delete', name]),
  ];
}
