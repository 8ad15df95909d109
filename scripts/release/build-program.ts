import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact, BuildFacts } from '@penstock/release';
import { compress, describeArtifact } from './artifacts.ts';
import type { Commit } from './build-facts.ts';
import { bundle, folderOf, type Program } from './bundle.ts';
import { consolePackages } from './console-packages.ts';
import { writeExecutable } from './executable.ts';
import { licensesText, readPackages } from './licenses.ts';
import { nodeFor } from './node-binary.ts';
import { writeNpmPackage } from './npm-package.ts';
import { type Platform, platforms } from './platforms.ts';
import { filesFor } from './program-files.ts';
import { run } from './run.ts';
import { softwareBill } from './sbom.ts';
import { nfpmProgram, systemPackageKinds, writeSystemPackage } from './system-package.ts';
import { writeWindowsNode } from './windows-resources.js';

export type BuildOptions = {
  readonly root: string;
  /** For what is downloaded and built once. */
  readonly cache: string;
  readonly out: string;
  readonly version: string;
  readonly commit: Commit;
  readonly facts: BuildFacts;
  readonly platforms: readonly Platform[];
  /** A command that signs the file it is called with. */
  readonly signWindows: string | undefined;
  readonly systemPackages: boolean;
  readonly report: (line: string) => void;
};

/** Builds every file of a release that contains the program. */
export async function buildProgram(program: Program, options: BuildOptions): Promise<readonly Artifact[]> {
  const { root, cache, out, version, commit, facts, report } = options;
  const artifacts: Artifact[] = [];
  const add = async (kind: string, file: string, on?: Platform) => {
    const place = { os: on?.os ?? 'any', arch: on?.arch ?? 'any' };
    const artifact = await describeArtifact(out, { program, kind, ...place, file });
    artifacts.push(kind === 'executable' ? { ...artifact, gzip: await compress(out, file) } : artifact);
    report(file);
  };

  const main = await bundle(`${folderOf(program)}/bin/${program}.js`, { root, facts });
  const embedded = await filesFor(program, { root, facts });
  const folders = [...main.packages, ...embedded.packages];
  if (program === 'penstock-gateway') folders.push(...(await consolePackages(root)));
  const packages = await readPackages(root, folders);
  const [anyPlatform] = platforms;
  if (anyPlatform === undefined) throw new Error('There is no platform.');
  const { license } = await nodeFor(anyPlatform, cache);
  const licenses = licensesText(packages, await readFile(license, 'utf8'));

  for (const platform of options.platforms) {
    const extension = platform.os === 'win32' ? '.exe' : '';
    const file = `${program}-${version}-${platform.name}${extension}`;
    await withNode(program, platform, options, (node) =>
      writeExecutable(
        { main: main.text, files: embedded.files },
        { node, platform, output: join(out, file) },
      ),
    );
    if (platform.os === 'win32' && options.signWindows !== undefined) {
      await run(options.signWindows, [join(out, file)]);
    }
    await add('executable', file, platform);
    if (platform.os !== 'linux' || !options.systemPackages) continue;
    for (const kind of systemPackageKinds) {
      const nfpm = await nfpmProgram(cache);
      const executable = join(out, file);
      const settings = { root, nfpm, version, commit, platform, executable, licenses, out };
      await add(kind, await writeSystemPackage(program, kind, settings), platform);
    }
  }
  const npmOptions = { root, facts, version, files: embedded.files, licenses, out };
  await add('npm', await writeNpmPackage(program, npmOptions));
  const bill = `${program}-${version}.cdx.json`;
  await writeFile(join(out, bill), await softwareBill(program, { root, commit, version, packages }));
  await add('sbom', bill);
  return artifacts;
}

/** Calls `use` with the Node for a platform. That of Windows is first told what it will be. */
async function withNode(
  program: Program,
  platform: Platform,
  { cache, version }: BuildOptions,
  use: (node: string) => Promise<void>,
): Promise<void> {
  const { binary: node } = await nodeFor(platform, cache);
  if (platform.os !== 'win32') return use(node);
  const folder = await mkdtemp(join(tmpdir(), 'penstock-windows-'));
  try {
    const named = join(folder, 'node.exe');
    await writeWindowsNode(node, named, { program, version });
    await use(named);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
