import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type BundleOptions, bundle, folderOf, type Program } from './bundle.ts';
import { NODE_VERSION } from './platforms.ts';
import { run } from './run.ts';

export type NpmPackageOptions = BundleOptions & {
  readonly version: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly licenses: string;
  /** The folder for the package. */
  readonly out: string;
};

/**
 * Writes an npm package of a program that `npm install --global` installs without any dependency. It runs on the Node of
 * the host, and says which one it needs if that is too old. Resolves with the name of its file.
 */
export async function writeNpmPackage(program: Program, options: NpmPackageOptions): Promise<string> {
  const { root, version, files, licenses, out } = options;
  const folder = folderOf(program);
  const entry = `${folder}/bin/${program}.js`;
  const external = { from: '../src/main.ts', to: '../lib/main.js' };
  const [bin, main] = await Promise.all([
    bundle(entry, { ...options, external }),
    bundle(`${folder}/src/main.ts`, options),
  ]);
  const manifest = {
    name: program,
    version,
    description: program === 'penstock-agent' ? 'Agent of Penstock' : 'Gateway of Penstock',
    license: 'Apache-2.0',
    type: 'module',
    bin: { [program]: `bin/${program}.js` },
    engines: { node: `>=${NODE_VERSION}` },
  };
  const content = new Map<string, string | Uint8Array>([
    ['package.json', `${JSON.stringify(manifest, null, 2)}\n`],
    ['LICENSE', await readFile(join(root, 'LICENSE'))],
    ['THIRD-PARTY-LICENSES.txt', licenses],
    [`bin/${program}.js`, bin.text],
    ['lib/main.js', main.text],
  ]);
  for (const [name, bytes] of files) content.set(placeInPackage(name), bytes);
  const work = await mkdtemp(join(tmpdir(), 'penstock-npm-'));
  try {
    for (const [name, bytes] of content) {
      await mkdir(dirname(join(work, name)), { recursive: true });
      await writeFile(join(work, name), bytes);
    }
    await chmod(join(work, 'bin', `${program}.js`), 0o755);
    const name = (await run('npm', ['pack', '--silent', '--ignore-scripts'], { cwd: work })).trim();
    const file = `${program}-${version}-npm.tgz`;
    await rename(join(work, basename(name)), join(out, file)).catch(async () => {
      await writeFile(join(out, file), await readFile(join(work, basename(name))));
    });
    return file;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Where the program looks for a file outside of a single executable: next to its module, or in `assets/`. */
function placeInPackage(name: string): string {
  if (name.startsWith('workers/')) return `lib/${name.slice('workers/'.length)}`;
  return `assets/${name.slice('console/'.length)}`;
}
