import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Artifact } from '@penstock/release';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import { commitOf, factsOf } from './release/build-facts.ts';
import { buildProgram } from './release/build-program.ts';
import { programs } from './release/bundle.ts';
import { chartArtifacts } from './release/charts.ts';
import { installScript } from './release/install-script.ts';
import { readRootKeyFile } from './release/keys.ts';
import { platforms } from './release/platforms.ts';
import { shawlArtifacts } from './release/service-wrapper.ts';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, 'node_modules/.cache/penstock-release');

const USAGE = `Builds everything that is published: npm run release -- --out DIR

  --out DIR                   where the files go: DIR/VERSION/ and DIR/install.sh
  --root-keys FILE            the public keys of the three root keys, as PEM; without them, the programs verify no release
  --sequence N                of the release; the time of its commit if omitted
  --platform NAME...          only these executables and packages: ${platforms.map(({ name }) => name).join(', ')}
  --source URL                where the install script looks for releases, if it is not told
  --sign-windows COMMAND      called with the file of each Windows executable, which it signs in place
  --without-system-packages   no .deb and .rpm, which need Go
  --allow-dirty               for trying it out: build a tree that differs from its commit, and mark it as such

The same commit and options give the same bytes. npm run release:sign signs the result.
`;

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  return parseArgs({
    options: {
      out: { type: 'string' },
      'root-keys': { type: 'string' },
      sequence: { type: 'string' },
      platform: { type: 'string', multiple: true },
      source: { type: 'string' },
      'sign-windows': { type: 'string' },
      'without-system-packages': { type: 'boolean', default: false },
      'allow-dirty': { type: 'boolean', default: false },
    },
  }).values;
}

try {
  await release(readOptions());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function release(options: Options): Promise<void> {
  if (options.out === undefined) throw new Error(USAGE);
  const commit = commitOf(ROOT, { allowDirty: options['allow-dirty'] });
  const sequence = options.sequence === undefined ? commit.time : Number(options.sequence);
  if (!Number.isSafeInteger(sequence) || sequence < 1)
    throw new Error('--sequence must be a positive integer.');
  const keyFile = options['root-keys'];
  const rootKeys = keyFile === undefined ? [] : await readRootKeyFile(keyFile);
  const chosen = platforms.filter(({ name }) => options.platform?.includes(name) ?? true);
  if (chosen.length === 0) throw new Error(`There is no such platform.\n\n${USAGE}`);

  const out = join(resolve(options.out), SOFTWARE_VERSION);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const artifacts: Artifact[] = [];
  for (const program of programs) {
    const built = await buildProgram(program, {
      root: ROOT,
      cache: CACHE,
      out,
      version: SOFTWARE_VERSION,
      commit,
      facts: factsOf(commit, sequence, rootKeys),
      platforms: chosen,
      signWindows: options['sign-windows'],
      systemPackages: !options['without-system-packages'],
      report: (line) => process.stdout.write(`${line}\n`),
    });
    artifacts.push(...built);
  }
  artifacts.push(...(await chartArtifacts({ root: ROOT, out, version: SOFTWARE_VERSION, commit })));
  if (chosen.some(({ os }) => os === 'win32')) artifacts.push(...(await shawlArtifacts(out, CACHE)));
  const { id, time } = commit;
  const description = { version: SOFTWARE_VERSION, commit: id, time, sequence, artifacts };
  await writeFile(join(out, 'artifacts.json'), `${JSON.stringify(description, null, 2)}\n`);
  const sums = artifacts.map(({ sha256, file }) => `${sha256}  ${file}\n`);
  await writeFile(join(out, 'SHA256SUMS'), sums.join(''));
  const script = await installScript(ROOT, { rootKeys, source: options.source });
  await writeFile(join(out, '..', 'install.sh'), script, { mode: 0o755 });
  process.stdout.write(`${out}: ${artifacts.length} files of ${SOFTWARE_VERSION} (${id.slice(0, 12)}).\n`);
  if (rootKeys.length === 0) {
    process.stdout.write(
      'The programs contain no root keys: they verify no release, and so upgrade to none.\n',
    );
  }
}
