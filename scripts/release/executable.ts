import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownPlatform, type Platform } from './platforms.ts';
import { run } from './run.ts';

export type ExecutableContents = {
  /** The bundle of bin/PROGRAM.js. */
  readonly main: string;
  /** Files by the name that `embeddedFiles` knows them under: `workers/sqlite-worker.js`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
};

/**
 * Writes a single executable: the Node at `node` with a program in it (nodejs.org/api/single-executable-applications.html).
 * The same contents give the same bytes.
 */
export async function writeExecutable(
  { main, files }: ExecutableContents,
  { node, platform, output }: { readonly node: string; readonly platform: Platform; readonly output: string },
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'penstock-executable-'));
  try {
    await writeFile(join(work, 'main.mjs'), main);
    const assets: Record<string, string> = {};
    for (const [name, content] of files) {
      const file = join('assets', name.replaceAll('/', '__'));
      await mkdir(join(work, 'assets'), { recursive: true });
      await writeFile(join(work, file), content);
      assets[name] = file;
    }
    const settings = {
      main: 'main.mjs',
      mainFormat: 'module',
      executable: node,
      output,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      // Compiled code fits only the processor it was compiled on.
      useCodeCache: platform === ownPlatform(),
      // The inspector would let any user of the host run code in this process.
      execArgv: ['--disable-sigusr1'],
      // NODE_OPTIONS are for programs that are run by Node, and could load code into this one.
      execArgvExtension: 'none',
      assets,
    };
    await writeFile(join(work, 'sea.json'), JSON.stringify(settings));
    // The hashes of V8 are random otherwise, and so is the order in compiled code.
    await run(process.execPath, ['--random-seed=42', '--build-sea', 'sea.json'], { cwd: work });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
