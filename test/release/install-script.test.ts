import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { publicKeyText } from '@penstock/release';
import { compress, describeArtifact } from '../../scripts/release/artifacts.ts';
import { installScript } from '../../scripts/release/install-script.ts';
import { readSigningKey, type SigningKey, writeNewKey } from '../../scripts/release/keys.ts';
import { signLatest, signRelease, writeKeys } from '../../scripts/release/sign.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const VERSION = '9.8.7';
const DAY_MS = 24 * 3_600_000;
const skip = process.platform !== 'linux' && 'the script is for Linux';
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const EXECUTABLE = `penstock-agent-${VERSION}-linux-${arch}`;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let roots: readonly SigningKey[];
let key: SigningKey;
/** A release that is signed, whose only file is a shell script in place of the agent. */
let published: string;

before(async () => {
  folder = await temporaryDirectory();
  const newKey = async (name: string) => {
    await writeNewKey(join(folder.path, name));
    return readSigningKey(join(folder.path, name));
  };
  roots = await Promise.all(['root-1', 'root-2', 'root-3'].map(newKey));
  key = await newKey('release');
  published = join(folder.path, 'published');
  const files = join(published, VERSION);
  await mkdir(files, { recursive: true });
  await writeFile(join(files, EXECUTABLE), `#!/bin/sh\necho ${VERSION}\n`);
  const place = { program: 'penstock-agent', kind: 'executable', os: 'linux', arch, file: EXECUTABLE };
  const artifact = { ...(await describeArtifact(files, place)), gzip: await compress(files, EXECUTABLE) };
  const other = { ...artifact, program: 'penstock-gateway', arch: 'riscv64', file: 'other' };
  await cp(join(files, EXECUTABLE), join(files, 'other'));
  const built = { version: VERSION, commit: '0'.repeat(40), time: Date.now() / 1_000, sequence: 5 };
  const description = { ...built, artifacts: [other, artifact] };
  await writeFile(join(files, 'artifacts.json'), JSON.stringify(description));
  await writeKeys(join(published, 'keys.json'), [publicKeyText(key.publicKey)], roots.slice(1), Date.now());
  await signRelease(published, VERSION, { key, revoked: [], now: Date.now() });
});
after(() => folder[Symbol.asyncDispose]());

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function install(argv: readonly string[], rootKeys = roots): Promise<Result> {
  const file = join(folder.path, 'install.sh');
  const keys = rootKeys.map(({ publicKey }) => publicKeyText(publicKey));
  await writeFile(file, await installScript(ROOT, { rootKeys: keys, source: undefined }));
  await chmod(file, 0o755);
  try {
    return { code: 0, ...(await promisify(execFile)('sh', [file, ...argv], { timeout: 60_000 })) };
  } catch (error) {
    return error as Result;
  }
}

/** The result for a copy of the release that `change` has changed. */
async function installChanged(
  change: (copy: string) => Promise<unknown>,
  argv: readonly string[] = [],
): Promise<Result> {
  const copy = join(folder.path, 'copy');
  await rm(copy, { recursive: true, force: true });
  await cp(published, copy, { recursive: true });
  await change(copy);
  return install(['agent', '--from', copy, '--verify-only', ...argv]);
}

async function expectRefusal(
  message: RegExp,
  change: (copy: string) => Promise<unknown>,
  argv?: readonly string[],
): Promise<void> {
  const { code, stderr, stdout } = await installChanged(change, argv);
  assert.notEqual(code, 0, stdout);
  assert.match(stderr, message);
}

test('the install script verifies a release up to the root keys', { skip }, async () => {
  const { code, stdout, stderr } = await install(['agent', '--from', published, '--verify-only']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /linux-(x64|arm64) is signed, current, and complete/);
});

test('the install script refuses keys that fewer than two root keys have signed', { skip }, async () => {
  const keys = [publicKeyText(key.publicKey)];
  const [first, ...others] = roots;
  assert(first);
  await expectRefusal(/has 1 valid signatures of the root keys, and needs 2/, (copy) =>
    writeKeys(join(copy, 'keys.json'), keys, [first, key], Date.now()),
  );
  await expectRefusal(/has 1 valid signatures/, (copy) =>
    writeKeys(join(copy, 'keys.json'), keys, [first, first], Date.now()),
  );
  const { stderr } = await install(['--from', published, '--verify-only'], [first, key, key]);
  assert.match(stderr, /has 0 valid signatures/);
  assert.equal(others.length, 2);
});

test('the install script refuses what is old, revoked, or not announced', { skip }, async () => {
  const now = Date.now();
  await expectRefusal(/^install.sh: latest.json expired/, (copy) =>
    signLatest(copy, VERSION, { key, revoked: [], now: now - 8 * DAY_MS }),
  );
  await expectRefusal(/^install.sh: keys.json expired/, (copy) =>
    writeKeys(join(copy, 'keys.json'), [publicKeyText(key.publicKey)], roots, now - 400 * DAY_MS),
  );
  await expectRefusal(/9\.8\.7 has been revoked/, (copy) =>
    signLatest(copy, VERSION, { key, revoked: ['9.8.6', VERSION], now }),
  );
  await expectRefusal(/announces another release.json/, (copy) =>
    changeFile(join(copy, VERSION, 'release.json'), (text) => `${text}\n`),
  );
});

test('the install script refuses signatures of other keys, and changed documents', { skip }, async () => {
  const [other] = roots;
  assert(other);
  await expectRefusal(/latest.json is not signed by a release key/, (copy) =>
    signLatest(copy, VERSION, { key: other, revoked: [], now: Date.now() }),
  );
  for (const name of ['keys.json', 'latest.json', `${VERSION}/release.json`]) {
    await expectRefusal(/not signed by a release key|has 0 valid signatures/, (copy) =>
      changeFile(join(copy, name), (text) =>
        text.replace(/"payload": "(.*)"/, (_, payload: string) => {
          const changed = Buffer.from(payload, 'base64').toString().replace('penstock', 'penstocK');
          return `"payload": "${Buffer.from(changed).toString('base64')}"`;
        }),
      ),
    );
    await expectRefusal(/truncated|malformed|is empty/, (copy) =>
      changeFile(join(copy, name), (text) => text.slice(0, 10)),
    );
    await expectRefusal(/is larger than/, (copy) =>
      changeFile(join(copy, name), (text) => text + ' '.repeat(300_000)),
    );
  }
});

test('the install script refuses a file that is not the one of the release', { skip }, async () => {
  const compressed = (copy: string) => join(copy, VERSION, `${EXECUTABLE}.gz`);
  const pack = async (copy: string, content: string) => {
    const files = join(copy, VERSION);
    await writeFile(join(files, EXECUTABLE), content);
    await compress(files, EXECUTABLE);
  };
  const original = await readFile(join(published, VERSION, EXECUTABLE), 'utf8');
  await expectRefusal(/not the file that release.json describes/, (copy) =>
    pack(copy, original.replace('echo', 'exec')),
  );
  await expectRefusal(/truncated, or larger/, (copy) => pack(copy, original.slice(1)));
  await expectRefusal(/larger than/, (copy) => pack(copy, `${original}\n`));
  await expectRefusal(/is larger than/, (copy) => writeFile(compressed(copy), Buffer.alloc(100_000)));
  await expectRefusal(/does not exist/, (copy) => rm(compressed(copy)));
  const gateway = await install(['gateway', '--from', published, '--verify-only']);
  assert.match(gateway.stderr, /has no penstock-gateway for Linux/);
});

test('the install script takes no token, and no version that is a path', { skip }, async () => {
  const token = await install(['agent', '--token', 'pst_enroll_x']);
  assert.match(token.stderr, /can be read by every user of this host/);
  assert.doesNotMatch(token.stderr, /pst_enroll_x/);
  const path = await install(['--from', published, '--verify-only', '--version', '../..']);
  assert.match(path.stderr, /is not a version/);
  const unknown = await install(['--what']);
  assert.match(unknown.stderr, /--what is not an option/);
  assert.notEqual(unknown.code, 0);
  const none = await install(['--from', published, '--verify-only'], []);
  assert.match(none.stderr, /contains no root keys/);
});

async function changeFile(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}
