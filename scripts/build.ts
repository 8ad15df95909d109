import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { copyAssets } from './build/assets.ts';
import { type Lock, lockFor } from './build/lock.ts';
import { builtManifest, builtRootManifest, type Manifest } from './build/manifest.ts';
import { workspacesFor } from './build/workspaces.ts';

// Creates dist/: a tree of JavaScript for the images and for publishing. `npm ci --omit=dev` in it installs its
// dependencies.

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist');
/** What the compiler has emitted: building the second program compiles nothing again. */
const COMPILED = join(ROOT, 'node_modules/.cache/penstock-compiled');
const COMPILE = [
  ...['--project', 'tsconfig.build.json', '--outDir', join(COMPILED, 'files')],
  ...['--incremental', '--tsBuildInfoFile', join(COMPILED, 'tsbuildinfo.json')],
];

const { values } = parseArgs({ options: { program: { type: 'string' } } });

const root = await readJson<Manifest & { workspaces: string[] }>('package.json');
const manifests = new Map<string, Manifest>();
for (const folder of root.workspaces) manifests.set(folder, await readJson(join(folder, 'package.json')));
const workspaces = workspacesFor(manifests, values.program);

await rm(OUT, { recursive: true, force: true });
const compiler = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), COMPILE, { cwd: ROOT, stdio: 'inherit' });
// The compiler has printed its errors.
if (compiler.status !== 0) process.exit(1);
for (const folder of workspaces.keys()) await copyCompiled(folder);
const built = new Map([...workspaces].map(([folder, manifest]) => [folder, builtManifest(manifest)]));
for (const [folder, manifest] of built) {
  await copyAssets(join(ROOT, folder), join(OUT, folder));
  await writeJson(join(folder, 'package.json'), manifest);
  await writeFile(join(OUT, folder, 'LICENSE'), await readFile(join(ROOT, 'LICENSE')));
}
if (built.has('console')) {
  const builder = [join(ROOT, 'console/build/main.ts'), '--out', join(OUT, 'console/assets')];
  // The builder has printed its errors.
  if (spawnSync(process.execPath, builder, { stdio: 'inherit' }).status !== 0) process.exit(1);
}
const builtRoot = builtRootManifest(root, [...built.keys()]);
await writeJson('package.json', builtRoot);
await writeJson('package-lock.json', lockFor(await readJson<Lock>('package-lock.json'), builtRoot, built));

/** Copies what was compiled for a workspace, without what earlier sources have left. */
async function copyCompiled(folder: string): Promise<void> {
  const from = join(COMPILED, 'files');
  if (!existsSync(join(from, folder))) return;
  await cp(join(from, folder), join(OUT, folder), {
    recursive: true,
    filter(path) {
      const source = join(ROOT, relative(from, path));
      return existsSync(source) || existsSync(source.replace(/(\.d\.ts|\.js)$/, '.ts'));
    },
  });
}

async function readJson<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8')) as Value;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  const file = join(OUT, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
