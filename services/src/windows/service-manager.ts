import { win32 } from 'node:path';
import { pauseSync } from '../host-files.ts';
import type { CommandResult, RunCommand } from '../run-command.ts';
import type { Step } from '../step.ts';
import { windowsWord } from './command-line.ts';

/** This Windows. */
export type WindowsHost = {
  readonly run: RunCommand;
  /** `%SystemRoot%`. Its programs are called by their paths: Windows looks for other names in the current directory first. */
  readonly systemRoot: string;
};

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

export type ServiceState = {
  readonly state: (typeof STATES)[number];
  /** With which the service ended; 0 if it was stopped, or runs. */
  readonly exitCode: number;
};

/** `sc.exe` exits with the error of Windows. */
const SERVICE_DOES_NOT_EXIST = 1060;
const SERVICE_ALREADY_RUNNING = 1056;
const SERVICE_NEVER_STARTED = 1077;
/** `start=` of a service that starts at boot, in the registry. */
const START_AUTO = 2;
const SERVICES = String.raw`HKLM\SYSTEM\CurrentControlSet\Services`;

/** Milliseconds to drain after Ctrl-C, before shawl ends the program. Windows itself waits as long as shawl reports. */
export const STOP_TIMEOUT_MS = 45_000;
/** Longer than the drain that shawl waits for. */
const STOPPED_TIMEOUT_MS = STOP_TIMEOUT_MS + 15_000;
const POLL_MS = 200;

export const inSystem = ({ systemRoot }: WindowsHost, program: string): string =>
  win32.join(systemRoot, 'System32', program);

/** The services of this Windows, through the programs that every Windows has. */
export class WindowsServices {
  readonly #host: WindowsHost;

  constructor(host: WindowsHost) {
    this.#host = host;
  }

  /**
   * What `sc.exe query` says; undefined if there is no such service. Its words are those of the language of the host, but the
   * order of the numbers is the same everywhere. Throws if the service manager does not answer.
   */
  query(name: string): ServiceState | undefined {
    const argv = [inSystem(this.#host, 'sc.exe'), 'query', name];
    const result = this.#host.run(argv);
    if (result.status === SERVICE_DOES_NOT_EXIST) return undefined;
    check(result, argv);
    const [, state, exitCode] = [...result.stdout.matchAll(/:\s+([0-9a-f]+)\s+\S/gi)].map(([, number]) =>
      Number(number),
    );
    const code = exitCode === SERVICE_NEVER_STARTED ? 0 : (exitCode ?? 0);
    return { state: STATES[state ?? 0] ?? 'UNKNOWN', exitCode: code };
  }

  /** Names of services that begin with `prefix`. */
  names(prefix: string): readonly string[] {
    const { stdout } = this.#host.run([inSystem(this.#host, 'reg.exe'), 'query', SERVICES]);
    return stdout
      .split(/\r?\n/)
      .map((line) => line.trim().split('\\').at(-1) ?? '')
      .filter((name) => name.startsWith(prefix))
      .sort();
  }

  /** The command line that Windows has for the service. `sc.exe qc` prints it under a name that depends on the language. */
  commandLine(name: string): string {
    return this.#value(name, 'ImagePath');
  }

  /** Whether the service starts at boot, unless somebody has decided otherwise. */
  startsAtBoot(name: string): boolean {
    return Number(this.#value(name, 'Start')) === START_AUTO;
  }

  #value(service: string, value: string): string {
    const { stdout } = this.#host.run([
      inSystem(this.#host, 'reg.exe'),
      'query',
      `${SERVICES}\\${service}`,
      '/v',
      value,
    ]);
    return new RegExp(`${value}\\s+REG_\\w+\\s+(.*)`).exec(stdout)?.[1]?.trim() ?? '';
  }

  /** Starts a service that does not run. Throws if Windows refuses it. */
  start(name: string): void {
    const argv = [inSystem(this.#host, 'sc.exe'), 'start', name];
    const result = this.#host.run(argv);
    if (result.status !== SERVICE_ALREADY_RUNNING) check(result, argv);
  }

  /**
   * Stops a service, and waits until it has: `sc.exe stop` only asks, and a service that still drains can neither be started
   * nor has it let go of its files. Throws if it has not stopped within a minute.
   */
  stop(name: string): void {
    const argv = [inSystem(this.#host, 'sc.exe'), 'stop', name];
    const until = performance.now() + STOPPED_TIMEOUT_MS;
    // One that has just been started refuses to stop for a moment.
    let refused = this.#host.run(argv);
    for (;;) {
      const state = this.query(name)?.state;
      if (state === undefined || state === 'STOPPED') return;
      if (performance.now() > until) {
        check(refused, argv);
        throw new Error(`${name} has not stopped within a minute.`);
      }
      pauseSync(POLL_MS);
      if (refused.status !== 0) refused = this.#host.run(argv);
    }
  }
}

export const commandStep = ({ run }: WindowsHost, argv: readonly string[]): Step => ({
  title: argv.map(windowsWord).join(' '),
  run: () => check(run(argv), argv),
});

export const stopStep = (host: WindowsHost, name: string): Step => ({
  title: commandStep(host, [inSystem(host, 'sc.exe'), 'stop', name]).title,
  run: () => new WindowsServices(host).stop(name),
});

function check({ status, stdout, stderr }: CommandResult, argv: readonly string[]): void {
  if (status === 0) return;
  // sc.exe reports errors on its standard output.
  throw new Error(
    `${argv.map(windowsWord).join(' ')} failed: ${(stderr || stdout).trim() || `exit code ${status}`}`,
  );
}
