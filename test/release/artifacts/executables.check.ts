import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { access, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { commitOf } from '../../../scripts/release/build-facts.ts';
import { bundle, folderOf, programs } from '../../../scripts/release/bundle.ts';
import { writeExecutable } from '../../../scripts/release/executable.ts';
import { readRootKeyFile } from '../../../scripts/release/keys.ts';
import { nodeFor } from '../../../scripts/release/node-binary.ts';
import { ownPlatform } from '../../../scripts/release/platforms.ts';
import { filesFor } from '../../../scripts/release/program-files.ts';
import { run } from '../../../scripts/release/run.ts';
import { skipWithout } from '../../rig/optional.ts';
import { built, fileOf, ROOT, releaseFolder, skipIfAbsent, VERSION, workFolder } from './built-release.ts';

const AGENT_FILE = join(ROOT, 'examples/production/agent.yaml');
/** Of the Debian packages libc6-arm64-cross, libstdc++6-arm64-cross and libatomic1-arm64-cross. */
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';
const executable = (os: string, arch: string) => ({ kind: 'executable', os, arch });

test('the executables for Linux on arm64 run under qemu', {
  skip: skipIfAbsent(executable('linux', 'arm64')) || skipWithout('qemu-aarch64'),
}, async (t) => {
  const hasLibraries = await access(join(ARM64_LIBRARIES, 'lib/libatomic.so.1')).then(
    () => true,
    () => false,
  );
  if (!hasLibraries) return t.skip('libstdc++6-arm64-cross and libatomic1-arm64-cross are not installed');
  for (const program of programs) {
    const file = fileOf({ program, ...executable('linux', 'arm64') });
    const emulated = (...words: readonly string[]) =>
      run('qemu-aarch64', ['-L', ARM64_LIBRARIES, file, ...words]);
    assert.equal((await emulated('--version')).trim(), VERSION);
    const facts = JSON.parse(await emulated('self-check', '--output', 'json')) as Record<string, unknown>;
    assert.equal(facts['arch'], 'arm64');
    assert.equal(facts['executable'], true);
    assert.equal(facts['rootKeys'], 3);
    if (program === 'penstock-agent') await emulated('config', 'validate', '--no-references', AGENT_FILE);
  }
});

test('the executables for Windows say what they are, and can be signed', {
  skip: skipIfAbsent(executable('win32', 'x64')) || skipWithout('osslsigncode') || skipWithout('openssl'),
}, async () => {
  await using folder = await workFolder();
  const file = fileOf({ program: 'penstock-agent', ...executable('win32', 'x64') });
  const content = await readFile(file);
  for (const text of ['Penstock agent', 'penstock-agent.exe', VERSION]) {
    assert.ok(content.includes(Buffer.from(text, 'utf16le')), text);
  }
  await run(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'certificate.pem'],
      ...['-days', '2', '-subj', '/CN=Penstock test', '-addext', 'extendedKeyUsage=codeSigning'],
    ],
    { cwd: folder.path },
  );
  await run(
    'osslsigncode',
    ['sign', '-certs', 'certificate.pem', '-key', 'key.pem', '-in', file, '-out', 'signed.exe'],
    { cwd: folder.path },
  );
  const verified = await run(
    'osslsigncode',
    ['verify', '-CAfile', 'certificate.pem', '-TSA-CAfile', 'certificate.pem', '-in', 'signed.exe'],
    { cwd: folder.path },
  );
  assert.match(verified, /Signature verification: ok/);
});

test('the executables for macOS are of that system', { skip: skipIfAbsent({ os: 'darwin' }) }, async () => {
  const cpuTypes = { x64: 0x0100_0007, arm64: 0x0100_000c };
  for (const program of programs) {
    for (const [arch, cpuType] of Object.entries(cpuTypes)) {
      const content = await readFile(fileOf({ program, ...executable('darwin', arch) }));
      assert.equal(content.readUInt32LE(0), 0xfeed_facf);
      assert.equal(content.readUInt32LE(4), cpuType);
      // The segment of nodejs.org/api/single-executable-applications.html.
      assert.ok(content.includes('NODE_SEA_BLOB'));
    }
  }
});

test('the same commit gives the same executable', async (t) => {
  const platform = ownPlatform();
  const program = 'penstock-agent';
  if (platform === undefined) return t.skip('no executables are built for this system');
  if (commitOf(ROOT, { allowDirty: true }).id !== built.commit)
    return t.skip('the release is of another commit');
  await using folder = await workFolder();
  const { commit, time, sequence } = built;
  const rootKeys = await readRootKeyFile(join(releaseFolder, 'roots.pem'));
  const date = new Date(time * 1_000).toISOString().replace('.000Z', 'Z');
  const facts = { commit, date, sequence, rootKeys };
  const { text } = await bundle(`${folderOf(program)}/bin/${program}.js`, { root: ROOT, facts });
  const { files } = await filesFor(program, { root: ROOT, facts });
  // Another copy of Node at another path must make no difference.
  const node = join(folder.path, 'node');
  const { binary } = await nodeFor(platform, join(ROOT, 'node_modules/.cache/penstock-release'));
  await copyFile(binary, node);
  const output = join(folder.path, 'again');
  await writeExecutable({ main: text, files }, { node, platform, output });
  const published = fileOf({ program, ...executable(platform.os, platform.arch) });
  const hashes = [output, published].map(async (file) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  );
  const [again, first] = await Promise.all(hashes);
  assert.equal(again, first);
});

test('code and data are not read from around an executable', async (t) => {
  const platform = ownPlatform();
  if (platform === undefined) return t.skip('no executables are built for this system');
  await using folder = await workFolder();
  const file = join(folder.path, 'bin/penstock-gateway');
  await run('mkdir', [
    '-p',
    join(folder.path, 'bin'),
    join(folder.path, 'assets'),
    join(folder.path, 'node_modules/pg-native'),
  ]);
  await copyFile(fileOf({ program: 'penstock-gateway', ...executable(platform.os, platform.arch) }), file);
  await writeFile(join(folder.path, 'assets/index.html'), 'not ours');
  await writeFile(join(folder.path, 'bin/sqlite-worker.js'), 'process.exit(3)');
  await writeFile(join(folder.path, 'node_modules/pg-native/index.js'), 'process.exit(4)');
  assert.equal((await run(file, ['self-check'], { cwd: folder.path })).trim(), VERSION);
});
