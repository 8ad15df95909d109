// Runs a Penstock program as a child process and reads its log.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type LogLine = { readonly event?: string; readonly [field: string]: unknown };
type Environment = Readonly<Record<string, string>>;

const TIMEOUT_MS = 120_000;
/** Log lines that are kept for later calls of `line`. */
const MAX_LINES = 500;

const bin = (program: 'agent' | 'gateway') =>
  fileURLToPath(new URL(`../../${program}/bin/penstock-${program}.js`, import.meta.url));
/** The folder with gateway.yaml and agent.yaml. */
const QUICKSTART = new URL('.', import.meta.url);

/** Runs one command of a program and returns its JSON output. When it rejects, also by `signal`, the command has ended. */
export async function command(
  program: 'agent' | 'gateway',
  words: readonly string[],
  environment: Environment,
  { directory = QUICKSTART, signal }: { readonly directory?: URL; readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  const running = promisify(execFile)(process.execPath, [bin(program), ...words, '--output', 'json'], {
    env: { ...process.env, ...environment },
    cwd: fileURLToPath(directory),
    ...(signal && { signal }),
  });
  const { child } = running;
  const exited = child.pid === undefined ? undefined : once(child, 'exit');
  try {
    return JSON.parse((await running).stdout);
  } finally {
    await exited;
  }
}

/** A running program. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: LogLine[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #exited: Promise<void>;
  #errors = '';

  constructor(program: 'agent' | 'gateway', environment: Environment, directory = QUICKSTART) {
    this.#name = `penstock-${program}`;
    const file = fileURLToPath(new URL(`${program}.yaml`, directory));
    this.#child = spawn(process.execPath, ['--disable-sigusr1', bin(program), 'run', '--config', file], {
      // A parent that is killed cannot end its children: they end themselves.
      env: { ...process.env, ...environment, PENSTOCK_EXIT_WITH_PARENT: String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
        for (const watcher of this.#watchers) watcher();
      });
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors = `${this.#errors}${text}`.slice(-4_000);
    });
    createInterface({ input: this.#child.stdout ?? process.stdin }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as LogLine);
      if (this.#lines.length > MAX_LINES) this.#lines.shift();
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** Returns the newest line of this event that satisfies `where`, and waits for one if there is none. */
  async line(event: string, where: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const check = () => {
      const found = this.#lines.findLast((line) => line.event === event && where(line));
      if (found !== undefined) resolve(found);
      else if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        reject(new Error(`${this.#name} exited before it logged ${event}. ${this.#reason()}`));
    };
    const timer = setTimeout(
      () =>
        reject(
          new Error(`${this.#name} did not log ${event} within ${TIMEOUT_MS / 1000} s. ${this.#reason()}`),
        ),
      TIMEOUT_MS,
    );
    this.#watchers.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(check);
    });
  }

  /** What the program itself says is wrong. */
  #reason(): string {
    const worst = this.#lines.findLast(({ level }) => level === 'error' || level === 'warn');
    return [worst === undefined ? '' : JSON.stringify(worst), this.#errors].filter(Boolean).join('\n');
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Signals the process and resolves when it has exited. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#exited;
  }
}
