import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { run as runTests } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { publicKeyText } from '@penstock/release';
import { SOFTWARE_VERSION } from '@penstock/wire/version';
import { readSigningKey, writeNewKey } from '../../../scripts/release/keys.ts';
import { manifests, plainManifests } from '../../../scripts/release/plain-manifests.ts';
import { run } from '../../../scripts/release/run.ts';
import { signRelease, writeKeys } from '../../../scripts/release/sign.ts';
import { temporaryDirectory } from '../../rig/temporary-directory.ts';

const USAGE = `Installs and runs what npm run release builds, as far as this machine can: npm run release:test

  --release DIR        a release that was built, with the root keys in DIR/roots.pem, and signed; builds one if omitted
  --keep DIR           build the release in DIR and keep it, for --release DIR
  --platform NAME...   build only these executables and packages; what needs others is skipped
  --only WORD          only files whose name contains the word: those of test/release/artifacts, or containers for the images
  --write-manifests    write examples/kubernetes from the charts, and test nothing
`;

const ROOT = join(import.meta.dirname, '../../..');
/** Builds the images with everything that their build installs, where npm test has that already. */
const IMAGES = join(ROOT, 'test/containers/containers.test.ts');
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    release: { type: 'string' },
    keep: { type: 'string' },
    platform: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', default: '' },
    'write-manifests': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(USAGE);
else if (values['write-manifests']) {
  for (const each of manifests) {
    await writeFile(join(ROOT, 'examples/kubernetes', each.file), await plainManifests(ROOT, each));
  }
} else {
  await using folder = await buildFolder(values.keep);
  await test(values.release === undefined ? await build(folder.path) : resolve(values.release));
}

async function buildFolder(kept: string | undefined): Promise<AsyncDisposable & { readonly path: string }> {
  if (kept === undefined) return temporaryDirectory();
  await mkdir(kept, { recursive: true });
  return { path: resolve(kept), [Symbol.asyncDispose]: async () => {} };
}

/** Builds a release of this tree with root keys made now, whose private halves are next to it. */
async function build(work: string): Promise<string> {
  for (const name of ['root-1', 'root-2', 'root-3', 'release']) {
    if (!existsSync(join(work, name))) await writeNewKey(join(work, name));
  }
  const roots = ['root-1', 'root-2', 'root-3'].map((name) => run('cat', [join(work, `${name}.pub`)]));
  await writeFile(join(work, 'roots.pem'), (await Promise.all(roots)).join(''));
  process.stdout.write('Building a release, which takes minutes.\n');
  await run(process.execPath, [
    join(ROOT, 'scripts/release.ts'),
    ...['--out', work, '--root-keys', join(work, 'roots.pem'), '--allow-dirty'],
    ...values.platform.flatMap((name) => ['--platform', name]),
  ]);
  await sign(work);
  return work;
}

async function sign(release: string): Promise<void> {
  const [first, third, key] = await Promise.all(
    ['root-1', 'root-3', 'release'].map((name) => readSigningKey(join(release, name))),
  );
  if (first === undefined || third === undefined || key === undefined) return;
  const now = Date.now();
  await writeKeys(join(release, 'keys.json'), [publicKeyText(key.publicKey)], [first, third], now);
  await signRelease(release, SOFTWARE_VERSION, { key, revoked: [], now });
}

async function test(release: string): Promise<void> {
  const names = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.check.ts'));
  const files = [...names.map((name) => join(import.meta.dirname, name)), IMAGES].filter((file) =>
    basename(file).includes(values.only),
  );
  if (files.length === 0) throw new Error(`No file has ${values.only} in its name.`);
  const results = runTests({
    cwd: ROOT,
    files,
    concurrency: 1,
    env: { ...process.env, PENSTOCK_RELEASE: release, PENSTOCK_WHOLE_IMAGES: '1' },
    execArgv: [`--test-timeout=${15 * MINUTE_MS}`],
  });
  results.on('test:fail', () => {
    process.exitCode = 1;
  });
  await new Promise((resolveEnd) => results.compose(spec()).on('end', resolveEnd).pipe(process.stdout));
}
