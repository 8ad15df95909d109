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
};

/** Exit codes after which the service restarts: 75 was asked for, 1 is a failure. 0 was a stop. */
const RESTART_CODES = '75,1';
/** Milliseconds to drain after Ctrl-C, before shawl ends the program. Windows itself waits as long as shawl reports. */
const STOP_TIMEOUT_MS = 45_000;
const DISPLAY: Readonly<Record<ProgramName, string>> = {
  'penstock-agent': 'Penstock agent',
  'penstock-gateway': 'Penstock gateway',
};

/** What `sc.exe query` says; undefined if there is no such service (ERROR_SERVICE_DOES_NOT_EXIST). */
export function windowsState(run: RunCommand, name: string): string | undefined {
  const { status, stdout } = run(['sc.exe', 'query', name]);
  return status === 0 ? (/STATE\s+:\s+\d+\s+(\w+)/.exec(stdout)?.[1] ?? 'UNKNOWN') : undefined;
}

/** The command line that Windows has for the service. */
function commandLineOf(run: RunCommand, name: string): string {
  return /BINARY_PATH_NAME\s+:\s+(.*)/.exec(run(['sc.exe', 'qc', name]).stdout)?.[1]?.trim() ?? '';
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
  run: RunCommand,
  start: boolean,
): readonly Step[] {
  const { name, program, shawl } = service;
  const steps: Step[] = [];
  const step = (argv: readonly string[]) =>
    steps.push({ title: argv.map(windowsWord).join(' '), run: () => check(run(argv), argv) });
  const wanted = [shawl, 'run', ...shawlWords(service)].map(windowsWord).join(' ');
  const state = windowsState(run, name);
  const isRight = state !== undefined && commandLineOf(run, name) === wanted;
  if (state === undefined) step([shawl, 'add', ...shawlWords(service)]);
  else if (!isRight) step(['sc.exe', 'config', name, 'binPath=', wanted]);
  step([
    'sc.exe',
    'config',
    name,
    'start=',
    'auto',
    'obj=',
    `NT SERVICE\\${name}`,
    'DisplayName=',
    DISPLAY[program],
  ]);
  step(['sc.exe', 'sidtype', name, 'unrestricted']);
  step(['sc.exe', 'failure', name, 'reset=', '86400', 'actions=', 'restart/1000/restart/5000/restart/60000']);
  step(['sc.exe', 'failureflag', name, '1']);
  step([
    'icacls.exe',
    service.directory,
    '/inheritance:r',
    '/grant:r',
    'SYSTEM:(OI)(CI)F',
    '/grant:r',
    'Administrators:(OI)(CI)F',
    '/grant:r',
    `NT SERVICE\\${name}:(OI)(CI)M`,
  ]);
  if (!start) return steps;
  if (state === 'RUNNING' && !isRight) step(['sc.exe', 'stop', name]);
  if (state !== 'RUNNING' || !isRight) step(['sc.exe', 'start', name]);
  return steps;
}

export function windowsUninstallSteps(name: string, run: RunCommand): readonly Step[] {
  const state = windowsState(run, name);
  if (state === undefined) return [];
  const remove = ['sc.exe', 'delete', name];
  const stop = ['sc.exe', 'stop', name];
  return [
    ...(state === 'STOPPED' ? [] : [{ title: stop.join(' '), run: () => check(run(stop), stop) }]),
    { title: remove.join(' '), run: () => check(run(remove), remove) },
  ];
}

function check({ status, stdout, stderr }: CommandResult, argv: readonly string[]): void {
  if (status === 0) return;
  // sc.exe reports errors on its standard output.
  throw new Error(
    `${argv.map(windowsWord).join(' ')} failed: ${(stderr || stdout).trim() || `exit code ${status}`}`,
  );
}
