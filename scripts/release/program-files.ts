import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { type BundleOptions, bundle, type Program, workers } from './bundle.ts';
import { run } from './run.ts';

export type EmbeddedFiles = {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Folders of the packages in them. */
  readonly packages: readonly string[];
};

/** The files that a program needs besides its main module, by the names that `embeddedFiles` knows them under. */
export async function filesFor(program: Program, options: BundleOptions): Promise<EmbeddedFiles> {
  const files = new Map<string, Uint8Array>();
  const packages: string[] = [];
  for (const [name, entry] of Object.entries(workers[program])) {
    const worker = await bundle(entry, options);
    files.set(`workers/${name}.js`, Buffer.from(worker.text));
    packages.push(...worker.packages);
  }
  if (program === 'penstock-gateway') {
    for (const [path, content] of await builtConsole(options.root)) files.set(`console/${path}`, content);
  }
  return { files, packages };
}

/** The web console, built in a process of its own. */
async function builtConsole(root: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const directory = await mkdtemp(join(tmpdir(), 'penstock-console-'));
  try {
    await run(process.execPath, [join(root, 'console/build/main.ts'), '--out', directory], { cwd: root });
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
    const read = paths.map(
      async (path): Promise<[string, Uint8Array]> => [
        relative(directory, path).replaceAll(sep, '/'),
        await readFile(path),
      ],
    );
    return new Map(await Promise.all(read));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
