import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ManagedProcess } from '../rig/process.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { classPathOf, type DriverSet } from './driver-jars.ts';

const SOURCES = join(import.meta.dirname, 'java');
const EXPECTED_SOURCES = 3;

export type JavaRun = {
  /** The class whose `main` is run. */
  readonly program: 'Jdbc' | 'Pool';
  readonly arguments: readonly string[];
  readonly login: { readonly user: string; readonly password: string };
  /** System properties, set with `-D`. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly drivers?: DriverSet;
};

/** One line of a program's output. */
export type JavaLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** The compiled programs of `java/`. Disposing removes the compiled files. */
export class JavaPrograms implements AsyncDisposable {
  readonly #folder: AsyncDisposable & { readonly path: string };

  private constructor(folder: AsyncDisposable & { readonly path: string }) {
    this.#folder = folder;
  }

  static async compile(): Promise<JavaPrograms> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryDirectory());
    const sources = globSync(join(SOURCES, '*.java'));
    if (sources.length !== EXPECTED_SOURCES) throw new Error(`There are ${sources.length} Java sources.`);
    const { status, stderr, error } = spawnSync(
      'javac',
      ['-d', folder.path, '-cp', classPathOf('pinned'), ...sources],
      { encoding: 'utf8', timeout: 100_000 },
    );
    if (status !== 0) throw new Error(`javac failed: ${error?.message ?? stderr}`);
    stack.move();
    return new JavaPrograms(folder);
  }

  /** Starts a program. The caller owns the process. */
  async start({
    program,
    arguments: words,
    login,
    properties = {},
    drivers = 'pinned',
  }: JavaRun): Promise<ManagedProcess> {
    return await ManagedProcess.start({
      command: 'java',
      args: [
        // These options start quickly on two shared cores.
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-Xshare:auto',
        '-cp',
        [this.#folder.path, classPathOf(drivers)].join(delimiter),
        ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
        program,
        ...words,
      ],
      env: { DB_USER: login.user, DB_PASSWORD: login.password },
    });
  }

  /** Runs a program to completion and returns its output. Throws if it printed a failure, unless one is expected. */
  async run(run: JavaRun, { mayFail = false } = {}): Promise<JavaLine[]> {
    await using program = await this.start(run);
    await program.exit(60_000);
    const lines = program.lines.flatMap(({ json }) => (isJavaLine(json) ? [json] : []));
    if (lines.length === 0 || (!mayFail && lines.some(({ event }) => event === 'failed'))) {
      throw new Error(`${program.command} failed:\n${program.output}`);
    }
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}

function isJavaLine(json: Readonly<Record<string, unknown>> | undefined): json is JavaLine {
  return typeof json?.['event'] === 'string';
}
