import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const BUILDER = 'build/main.ts';
const BUILD_TIMEOUT_MS = 60_000;
/** Bytes of the builder's output that an error shows. */
const MAX_OUTPUT_BYTES = 2_000;

/** Why the console of a checkout cannot be built. */
export class ConsoleBuildError extends Error {
  override readonly name = 'ConsoleBuildError';
}

/**
 * Builds the console of a checkout in a process of its own, once for each state of its sources. Only a checkout has the
 * builder; the published packages contain the result.
 */
export class SourceBuild {
  /** The folder `console/`. */
  readonly #folder: string;
  #child: ChildProcess | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async isPossible(): Promise<boolean> {
    return access(join(this.#folder, BUILDER)).then(
      () => true,
      () => false,
    );
  }

  /** The folder of the build of the current sources, which may not exist yet. */
  async directory(): Promise<string> {
    const hash = (await sourceHash(this.#folder)).slice(0, 16);
    return join(this.#folder, '../node_modules/.cache/penstock-console', hash);
  }

  /** Builds into `directory` unless it exists. Throws ConsoleBuildError. Must not be called twice at the same time. */
  async ensure(directory: string): Promise<void> {
    if (await exists(join(directory, 'index.html'))) return;
    const child = spawn(process.execPath, [join(this.#folder, BUILDER), '--out', directory], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
    });
    this.#child = child;
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-MAX_OUTPUT_BYTES);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }).catch((error: Error) => {
      throw new ConsoleBuildError(error.message, { cause: error });
    });
    this.#child = undefined;
    if (code !== 0) throw new ConsoleBuildError(output.trim() || `The build exited with code ${code}.`);
  }

  /** Ends a build that is running. */
  close(): void {
    this.#child?.kill();
  }
}

/** The SHA-256 of everything that the build reads, except for the dependencies, whose exact versions package.json has. */
export async function sourceHash(folder: string): Promise<string> {
  const inputs = ['index.html', 'package.json'];
  for (const part of ['app', 'build', 'public']) {
    const entries = await readdir(join(folder, part), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (entry.isFile()) inputs.push(join(entry.parentPath, entry.name).slice(folder.length + 1));
    }
  }
  const hash = createHash('sha256');
  for (const path of inputs.sort()) hash.update(`${path}\0`).update(await readFile(join(folder, path)));
  return hash.digest('hex');
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
