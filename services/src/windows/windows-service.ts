import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { win32 } from 'node:path';
import type { ProgramName } from '../layout.ts';
import type { CommandResult, RunCommand } from '../run-command.ts';
import type { Step } from '../step.ts';

/** A Windows service. shawl (github.com/mtkennerly/shawl) runs the program, since only a service can talk to the manager. */
export type WindowsService = {
  readonly program: ProgramName;
  readonly name: string;
  /** Absolute path of the configuration file. */
  readonly config: string;
  /** Executable and arguments before `run`. */
  readonly command: readonly string[];
  /** shawl.exe. */
  readonly shawl: string;
  /** Where the service works and logs. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Content of the enrollment token; undefined leaves what is there. */
  readonly token?: string | undefined;
};

/** This Windows. */
export type WindowsHost = {
  readonly run: RunCommand;
  /** `%SystemRoot%`. Its programs are called by their paths: Windows looks for other names in the current directory first. */
  readonly systemRoot: string;
};

/** Exit codes after which the service restarts: 75 was asked for, 1 is a failure. 0 was a stop. */
const RESTART_CODES = '75,1';
/** Milliseconds to drain after Ctrl-C, before shawl ends the program. Windows itself waits as long as shawl reports. */
const STOP_TIMEOUT_MS = 45_000;
const DISPLAY: Readonly<Record<ProgramName, string>> = {
  'penstock-agent': 'Penstock agent',
  'penstock-gateway': 'Penstock gateway',
};

/** Well-known security identifiers, because the names depend on the language of the host. */
const SYSTEM = '*S-1-5-18';
const ADMINISTRATORS = '*S-1-5-32-544';

/** Where the enrollment token is: the service, administrators, and the system can read it. */
export const windowsTokenPath = ({ directory }: Pick<WindowsService, 'directory'>): string =>
  win32.join(directory, 'enrollment-token');

/** By the number that the service manager has for each (SERVICE_STATUS, dwCurrentState). */
const STATES = [
  'UNKNOWN',
  'STOPPED',
  'START_PENDING',
  'STOP_PENDING',
  'RUNNING',
  'CONTINUE_PENDING',
  'PAUSE_PENDING',
  'PAUSED',
] as const;

const inSystem = ({ systemRoot }: WindowsHost, program: string) =>
  win32.join(systemRoot, 'System32', program);

/** `sc.exe` exits with the error of Windows. */
const SERVICE_DOES_NOT_EXIST = 1060;

/**
 * What `sc.exe query` says; undefined if there is no such service. Its words are those of the language of the host, but the
 * second number is the state everywhere. Throws if the service manager does not answer.
 */
export function windowsState(host: WindowsHost, name: string): string | undefined {
  const argv = [inSystem(host, 'sc.exe'), 'query', name];
  const result = host.run(argv);
  if (result.status === SERVICE_DOES_NOT_EXIST) return undefined;
  check(result, argv);
  const [, state] = [...result.stdout.matchAll(/:\s+([0-9a-f]+)\s+\S/gi)];
  return STATES[Number(state?.[1])] ?? 'UNKNOWN';
}

/** The command line that Windows has for the service. `sc.exe qc` prints it under a name that depends on the language. */
function commandLineOf(host: WindowsHost, name: string): string {
  const key = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${name}`;
  const { stdout } = host.run([inSystem(host, 'reg.exe'), 'query', key, '/v', 'ImagePath']);
  return /ImagePath\s+REG_\w+\s+(.*)/.exec(stdout)?.[1]?.trim() ?? '';
}

/** `shawl add`, and the command line that it leaves in the service. */
export function shawlWords(service: WindowsService): readonly string[] {
  const { name, directory, config, command, environment } = service;
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
    '--',
    ...command,
    'run',
    '--config',
    config,
  ];
}

/** A word of a command line as Windows programs parse it (CommandLineToArgvW). */
export function windowsWord(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/**
 * The commands that make the service what it should be: created or corrected, started at boot, restarted after a crash, under
 * an account of its own. Repeating them does no harm, so a half-installed service is repaired.
 */
export function windowsInstallSteps(
  service: WindowsService,
  host: WindowsHost,
  start: boolean,
): readonly Step[] {
  const { name, program, shawl, directory, token } = service;
  const steps: Step[] = [];
  const step = (argv: readonly string[]) => steps.push(commandStep(host, argv));
  const sc = (...words: readonly string[]) => step([inSystem(host, 'sc.exe'), ...words]);
  if (!existsSync(directory))
    steps.push({ title: `create ${directory}`, run: () => mkdirSync(directory, { recursive: true }) });
  const wanted = [shawl, 'run', ...shawlWords(service)].map(windowsWord).join(' ');
  const state = windowsState(host, name);
  const isRight = state !== undefined && commandLineOf(host, name) === wanted;
  if (state === undefined) step([shawl, 'add', ...shawlWords(service)]);
  else if (!isRight) sc('config', name, 'binPath=', wanted);
  sc('config', name, 'start=', 'auto', 'obj=', `NT SERVICE\\${name}`, 'DisplayName=', DISPLAY[program]);
  sc('sidtype', name, 'unrestricted');
  sc('failure', name, 'reset=', '86400', 'actions=', 'restart/1000/restart/5000/restart/60000');
  sc('failureflag', name, '1');
  const icacls = (...words: readonly string[]) => step([inSystem(host, 'icacls.exe'), directory, ...words]);
  // Every user can create folders in C:\ProgramData with entries and files of their own, and an owner can always open them again.
  icacls('/setowner', ADMINISTRATORS, '/T');
  icacls('/reset', '/T');
  icacls(
    ...['/inheritance:r', '/grant:r', `${SYSTEM}:(OI)(CI)F`, '/grant:r', `${ADMINISTRATORS}:(OI)(CI)F`],
    ...['/grant:r', `NT SERVICE\\${name}:(OI)(CI)M`],
  );
  if (token !== undefined) {
    const file = windowsTokenPath(service);
    steps.push({
      title: `write ${file}`,
      run() {
        // A file that was there keeps whom it lets in.
        rmSync(file, { force: true });
        writeFileSync(file, token, { flag: 'wx' });
      },
    });
  }
  if (!start) return steps;
  if (state === 'RUNNING' && !isRight) steps.push(stopStep(host, name));
  if (state !== 'RUNNING' || !isRight) sc('start', name);
  return steps;
}

export function windowsUninstallSteps(name: string, host: WindowsHost): readonly Step[] {
  const state = windowsState(host, name);
  if (state === undefined) return [];
  return [
    ...(state === 'STOPPED' ? [] : [stopStep(host, name)]),
    commandStep(host, [inSystem(host, 'sc.exe'), 'delete', name]),
  ];
}

const commandStep = ({ run }: WindowsHost, argv: readonly string[]): Step => ({
  title: argv.map(windowsWord).join(' '),
  run: () => check(run(argv), argv),
});

/** Longer than the drain that shawl waits for. */
const STOPPED_TIMEOUT_MS = STOP_TIMEOUT_MS + 15_000;
const POLL_MS = 500;

/** `sc.exe stop` only asks. A service that still drains can neither be started nor has it let go of its files. */
function stopStep(host: WindowsHost, name: string): Step {
  const stop = commandStep(host, [inSystem(host, 'sc.exe'), 'stop', name]);
  return {
    title: stop.title,
    run() {
      stop.run();
      const until = performance.now() + STOPPED_TIMEOUT_MS;
      while (!['STOPPED', undefined].includes(windowsState(host, name))) {
        if (performance.now() > until) throw new Error(`${name} has not stopped within a minute.`);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
      }
    },
  };
}

function check({ status, stdout, stderr }: CommandResult, argv: readonly string[]): void {
  if (status === 0) return;
  // sc.exe reports errors on its standard output.
  throw new Error(
    `${argv.map(windowsWord).join(' ')} failed: ${(stderr || stdout).trim() || `exit code ${status}`}`,
  );
}
