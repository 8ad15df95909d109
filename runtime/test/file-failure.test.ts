import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asNobody } from '../../test/rig/as-nobody.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { fileFailureText } from '../src/file-failure.ts';

/** What a user without rights is told about reading a file. */
function reading(file: string): string {
  return asNobody(() => {
    try {
      readFileSync(file);
      return 'readable';
    } catch (error) {
      return fileFailureText(`${file} cannot be read`, file, error);
    }
  });
}

test('permission denied names the owner, the user of the process, and the part of the path that denies it', {
  skip: process.geteuid?.() !== 0 && 'only root can become another user',
}, async () => {
  await using parent = await temporaryDirectory();
  chmodSync(parent.path, 0o755);
  const file = join(parent.path, 'key.pem');
  writeFileSync(file, '', { mode: 0o600 });
  assert.equal(
    reading(file),
    `${file} cannot be read: it is owned by root (mode 0600), and this process runs as nobody (EACCES). ` +
      `Run this program as root, or run chown nobody ${file}.`,
  );
  const closed = join(parent.path, 'data');
  mkdirSync(closed, { mode: 0o700 });
  assert.equal(
    reading(join(closed, 'below', 'key.pem')),
    `${closed}/below/key.pem cannot be read: ${closed} is owned by root (mode 0700), and this process runs as nobody ` +
      `(EACCES). Run this program as root, or run chown -R nobody ${closed}.`,
  );
});

test('other failures say what happened in words, with the code of the system', () => {
  const failed = (code: string) =>
    fileFailureText('F cannot be written', '/f', Object.assign(new Error('x'), { code }));
  assert.equal(failed('ENOSPC'), 'F cannot be written: the disk is full (ENOSPC). Free some space.');
  assert.match(failed('EROFS'), /: the file system is read-only \(EROFS\)\. Mount it writable/);
  assert.equal(failed('EWHAT'), 'F cannot be written: it failed with EWHAT. Check the path and the disk.');
  assert.equal(
    fileFailureText('F cannot be read', '/f', 'no'),
    'F cannot be read: no. Check the path and the disk.',
  );
});
