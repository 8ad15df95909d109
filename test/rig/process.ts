import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { dieWithUs } from './children.ts';
import { deadline, PATIENCE_MS } from './deadline.ts';

const LINES_KEPT = 5000;
/**
 * Variables that every program needs. All others, above all proxy settings, must not leak from the machine into a test.
 */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE'];

export type ProcessLine = {
  readonly from: 'stdout' | 'stderr';
  readonly text: string;
  /** The line as a JSON object, if it is one. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type StartProcessOptions = {
  /** Arguments for Node, beginning with a script or the bin file of a program. */
  readonly args: readonly string[];
  /** Added to the few inherited variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A program to run instead of Node. */
  readonly command?: string;
  /** Another account to run as; requires root. */
  readonly account?: { readonly uid: number; readonly gid: number };
};

/** A real child process whose output is read line by line. Disposing kills it if it is still running. */
export class ManagedProcess implements AsyncDisposable {
  readonly command: string;
  /** The last five thousand lines, oldest first. */
  readonly lines: ProcessLine[] = [];
  /** Resolves when the process has exited and its output has been read. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #exit: Exit | undefined;

  private constructor(child: ChildProcess, command: string) {
    this.#child = child;
    this.command = command;
    this.#read('stdout');
    this.#read('stderr');
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.exited = promise;
    child.once('close', (code, signal) => {
      this.#exit = { code, signal };
      resolve(this.#exit);
      this.#look();
    });
  }

  /** Starts the process. Rejects if the program does not exist. */
  static async start(options: StartProcessOptions): Promise<ManagedProcess> {
    const command = options.command ?? process.execPath;
    const env: Record<string, string> = {};
    for (const name of INHERITED) {
      const value = process.env[name];
      if (value !== undefined) env[name] = value;
    }
    const child = spawn(command, options.args, {
      env: { ...env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...options.account,
    });
    dieWithUs(child);
    const self = new ManagedProcess(child, [command, ...options.args].join(' '));
    await once(child, 'spawn');
    return self;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.command} did not start.`);
    return pid;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** The output so far, as text for assertion messages. */
  get output(): string {
    return this.lines.map(({ text }) => text).join('\n');
  }

  /**
   * Waits for a line that `matches`, including lines already received. Fails with the output so far after `within`
   * milliseconds, or if the process exits without it.
   */
  async line(
    what: string,
    matches: (line: ProcessLine) => boolean,
    within = PATIENCE_MS,
  ): Promise<ProcessLine> {
    const { promise, resolve, reject } = Promise.withResolvers<ProcessLine>();
    const look = () => {
      const found = this.lines.find(matches);
      if (found !== undefined) resolve(found);
      else if (this.#exit !== undefined) reject(new Error(`It exited with ${describe(this.#exit)}.`));
    };
    this.#watchers.add(look);
    try {
      look();
      return await deadline(what, promise, within);
    } catch (cause) {
      throw new Error(`No ${what} from ${this.command}. Its last lines:\n${this.#tail()}`, { cause });
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** Returns the first line that is a JSON object with all the given fields. */
  async json(
    fields: Readonly<Record<string, unknown>>,
    within?: number,
  ): Promise<Readonly<Record<string, unknown>>> {
    const matches = ({ json }: ProcessLine) =>
      json !== undefined && Object.entries(fields).every(([key, value]) => json[key] === value);
    const { json } = await this.line(`line with ${JSON.stringify(fields)}`, matches, within);
    return json ?? {};
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends `signal` and waits for the exit. Fails if the process is still running after `within` milliseconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', within = PATIENCE_MS): Promise<Exit> {
    this.signal(signal);
    return await this.exit(within);
  }

  /** Waits for the process to exit on its own. */
  async exit(within = PATIENCE_MS): Promise<Exit> {
    try {
      return await deadline('the process to end', this.exited, within);
    } catch (cause) {
      throw new Error(`${this.command} did not end. Its last lines:\n${this.#tail()}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) this.signal('SIGKILL');
    await this.exited;
  }

  #read(from: 'stdout' | 'stderr'): void {
    const stream = this.#child[from];
    if (stream === null) return;
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (text) => {
      this.lines.push({ from, text, json: parseObject(text) });
      if (this.lines.length > LINES_KEPT) this.lines.shift();
      this.#look();
    });
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #tail(): string {
    return this.lines
      .slice(-30)
      .map(({ from, text }) => `  ${from}: ${text}`)
      .join('\n');
  }
}

function describe({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
