import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pause } from './deadline.ts';

/** Where a process runs and can be reached: on this host, or in the network namespace of the process `namespace`. */
export type Place = { readonly host: string; readonly namespace: number | undefined };

export const here: Place = { host: '127.0.0.1', namespace: undefined };

/** A running child. `output` returns the end of its output, for error messages. */
export type Child = {
  readonly process: ChildProcess;
  readonly pid: number;
  output(): string;
  /** Stops it by its pid: SIGTERM, then SIGKILL after 3 s. */
  stop(): Promise<void>;
};

/** All running children, so none outlives the benchmark. */
const running = new Set<Child>();

export async function stopEveryChild(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

const OUTPUT_KEPT = 4096;
const GRACE = 3000;

/** Starts any program. `nsenter` execs it, so the pid is that of the program. */
export function startProgram(
  command: string,
  parameters: readonly string[],
  place: Place,
  options: SpawnOptions = {},
): Promise<Child> {
  const [program, ...before] = enter(place);
  const child = spawn(
    program ?? command,
    program === undefined ? [...parameters] : [...before, command, ...parameters],
    { stdio: ['ignore', 'pipe', 'pipe'], ...options },
  );
  return started(child, command);
}

/** Starts a module with this version of Node and a message channel. */
export function startNode(
  module: URL,
  place: Place,
  settings: {
    readonly nodeOptions?: readonly string[];
    readonly parameters?: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
  } = {},
): Promise<Child> {
  const [program, ...before] = enter(place);
  const nodeOptions = settings.nodeOptions ?? [];
  const child = fork(fileURLToPath(module), [...(settings.parameters ?? [])], {
    execPath: program ?? process.execPath,
    execArgv: program === undefined ? [...nodeOptions] : [...before, process.execPath, ...nodeOptions],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(settings.env === undefined ? {} : { env: settings.env }),
  });
  return started(child, fileURLToPath(module));
}

/** The prefix of a command line that runs it there. */
export function enter(place: Place): string[] {
  return place.namespace === undefined ? [] : ['nsenter', '-t', String(place.namespace), '-n'];
}

async function started(child: ChildProcess, name: string): Promise<Child> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
  }
  await once(child, 'spawn');
  child.on('error', () => {});
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start.`);
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const handle: Child = {
    process: child,
    pid,
    output: () => output.trim(),
    async stop() {
      if (gone()) return;
      const exit = once(child, 'exit');
      // A shell handles signals only after its command has exited, and the command waits for the end of its input.
      child.stdin?.end();
      child.kill('SIGTERM');
      await Promise.race([exit, pause(GRACE)]);
      if (!gone()) child.kill('SIGKILL');
      await exit;
    },
  };
  running.add(handle);
  child.once('exit', () => running.delete(handle));
  return handle;
}
