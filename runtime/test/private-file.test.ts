import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import {
  makePrivateDirectory,
  openPrivateDirectory,
  PrivateFileError,
  readFileIfPresent,
  readPrivateFile,
  removePrivateFile,
  replacePrivateFile,
  syncDirectory,
  writePrivateFile,
} from '../src/private-file.ts';

const fault = (expected: PrivateFileError['fault'], message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PrivateFileError, String(error));
  assert.equal(error.fault, expected);
  assert.match(error.message, message);
  return true;
};

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const withoutModes = process.platform === 'win32' && 'Windows has no such modes';

test('a private file is written, replaced and removed as a whole, readable by its owner alone', async () => {
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'a', 'b');
  await openPrivateDirectory(directory, 'data');
  const file = join(directory, 'key.pem');
  assert.equal(await readPrivateFile(file), undefined);
  await writePrivateFile(file, 'one');
  await writePrivateFile(join(directory, 'next.pem'), 'two');
  assert.equal(await readPrivateFile(file), 'one');
  await replacePrivateFile(file, join(directory, 'next.pem'));
  assert.equal(await readPrivateFile(file), 'two');
  assert.deepEqual(await readdir(directory), ['key.pem']);
  if (withoutModes === false) {
    assert.deepEqual([await modeOf(directory), await modeOf(file)], [0o700, 0o600]);
  }
  await removePrivateFile(file);
  await removePrivateFile(file);
  assert.deepEqual(await readdir(directory), []);
});

test('a directory or file that other users can read is rejected with the command that fixes it', {
  skip: withoutModes,
}, async () => {
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'open');
  await mkdir(directory);
  await chmod(directory, 0o750);
  await makePrivateDirectory(directory);
  assert.equal(await modeOf(directory), 0o750);
  await assert.rejects(
    openPrivateDirectory(directory, 'identity.directory'),
    fault('open-to-others', /identity\.directory.*mode 0750\)\. Run chmod 700 /),
  );
  const file = join(directory, 'key.pem');
  await writePrivateFile(file, 'secret');
  await chmod(file, 0o640);
  await assert.rejects(readPrivateFile(file), fault('open-to-others', /mode 0640\)\. Run chmod 600 /));
  assert.equal(await readFileIfPresent(file), 'secret');
});

test('a path that is not usable is reported with its name and the error of the system', async () => {
  await using parent = await temporaryDirectory();
  const file = join(parent.path, 'file');
  await writeFile(file, '');
  await assert.rejects(
    openPrivateDirectory(join(file, 'below'), 'data'),
    fault('unusable', /cannot be created/),
  );
  await assert.rejects(
    readPrivateFile(parent.path),
    fault('unusable', /cannot be read: it is a directory \(EISDIR\)/),
  );
  await assert.rejects(
    writePrivateFile(join(parent.path, 'absent', 'key.pem'), ''),
    fault('unusable', /cannot be written: it does not exist \(ENOENT\)/),
  );
});

test('a file system that cannot synchronize directories is accepted, one that fails to is not', {
  skip: withoutModes,
}, async () => {
  await using directory = await temporaryDirectory();
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  for (const code of ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']) {
    await syncDirectory(directory.path, failing(code));
  }
  for (const code of ['EIO', 'ENOSPC', 'EDQUOT']) {
    await assert.rejects(syncDirectory(directory.path, failing(code)), { code });
  }
});

test('opening a directory removes old temporary files and keeps recent ones', async () => {
  await using directory = await temporaryDirectory();
  await chmod(directory.path, 0o700);
  const old = 'key.pem.0123456789ab.tmp';
  const recent = 'key.pem.ba9876543210.tmp';
  for (const name of [old, recent, 'notes.tmp']) await writeFile(join(directory.path, name), 'x');
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(join(directory.path, old), yesterday, yesterday);
  await utimes(join(directory.path, 'notes.tmp'), yesterday, yesterday);
  await openPrivateDirectory(directory.path, 'data');
  assert.deepEqual((await readdir(directory.path)).sort(), [recent, 'notes.tmp']);
});
