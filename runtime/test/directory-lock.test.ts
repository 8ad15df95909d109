import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { ManagedProcess } from '../../test/rig/process.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { DirectoryLockError, lockPrivateDirectory } from '../src/directory-lock.ts';
import { PrivateFileError } from '../src/private-file.ts';

const held = (owner: string) => (error: unknown) => {
  assert.ok(error instanceof DirectoryLockError, String(error));
  assert.equal(error.fault, 'held');
  assert.ok(
    error.message.includes(`(data.directory) is in use by ${owner}. Stop that process`),
    error.message,
  );
  return true;
};

const lock = (directory: string) => lockPrivateDirectory(directory, 'data.directory');

/** Another process that locks the directory and then waits. */
async function startHolder(directory: string): Promise<ManagedProcess> {
  const module = new URL('../src/directory-lock.ts', import.meta.url).href;
  const holder = await ManagedProcess.start({
    args: [
      '--input-type=module',
      '--eval',
      `const { lockPrivateDirectory } = await import(${JSON.stringify(module)});
       globalThis.kept = await lockPrivateDirectory(${JSON.stringify(directory)}, 'data.directory');
       console.log('locked');
       setInterval(() => {}, 60_000);`,
    ],
  });
  await holder.line('lock', ({ text }) => text === 'locked');
  return holder;
}

test('a directory is locked once in a process, until the lock is released', async () => {
  await using _leaks = expectNoLeaks();
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'new');
  const first = await lock(directory);
  await assert.rejects(lock(directory), held(`process ${process.pid}`));
  // A failed attempt must not release the lock of this process, as closing a file with a POSIX lock would.
  await using other = await ManagedProcess.start({
    args: [
      '--input-type=module',
      '--eval',
      `const { lockPrivateDirectory } = await import(${JSON.stringify(new URL('../src/directory-lock.ts', import.meta.url).href)});
       await lockPrivateDirectory(${JSON.stringify(directory)}, 'data.directory').then(() => 'locked', (error) => error.fault).then(console.log);`,
    ],
  });
  await other.line('refusal', ({ text }) => text === 'held');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using _second = await lock(directory);
  if (process.platform !== 'win32') {
    for (const name of await readdir(directory)) {
      assert.equal((await stat(join(directory, name))).mode & 0o077, 0, name);
    }
  }
});

test('a process that is killed leaves no lock, and a stopped one keeps it', async () => {
  await using _leaks = expectNoLeaks();
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'data');
  await using holder = await startHolder(directory);
  await assert.rejects(lock(directory), held(`process ${holder.pid}`));
  if (process.platform !== 'win32') {
    holder.signal('SIGSTOP');
    await assert.rejects(lock(directory), held(`process ${holder.pid}`));
  }
  await holder.stop('SIGKILL');
  using _lock = await lock(directory);
});

test('of several processes that start at once, one gets the lock', async () => {
  await using _leaks = expectNoLeaks();
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'data');
  const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lock(directory)));
  const locks = attempts.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
  for (const each of locks) each[Symbol.dispose]();
  assert.equal(locks.length, 1);
  for (const each of attempts) if (each.status === 'rejected') held(`process ${process.pid}`)(each.reason);
});

test('a copy of the directory of a live process can be locked, regardless of its owner file', async () => {
  await using _leaks = expectNoLeaks();
  await using parent = await temporaryDirectory();
  const [directory, copy] = [join(parent.path, 'data'), join(parent.path, 'copy')];
  using _lock = await lock(directory);
  await mkdir(copy, { mode: 0o700 });
  for (const name of await readdir(directory)) await copyFile(join(directory, name), join(copy, name));
  const owner = JSON.stringify({ pid: process.pid, host: 'elsewhere' });
  await writeFile(join(copy, 'lock-owner.json'), owner, { mode: 0o600 });
  using _copied = await lock(copy);
});

test('the message names the host of a process that runs elsewhere, and survives a damaged owner file', async () => {
  await using _leaks = expectNoLeaks();
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'data');
  using _lock = await lock(directory);
  const file = join(directory, 'lock-owner.json');
  await writeFile(file, JSON.stringify({ pid: 1, host: 'agent-7' }), { mode: 0o600 });
  await assert.rejects(lock(directory), held('process 1 of host agent-7'));
  await writeFile(file, JSON.stringify({ pid: 1, host: hostname() }), { mode: 0o600 });
  await assert.rejects(lock(directory), held('process 1'));
  // A holder on a busy host may take a while to name itself.
  await writeFile(file, '', { mode: 0o600 });
  const late = assert.rejects(lock(directory), held('process 2'));
  await delay(300);
  await writeFile(file, JSON.stringify({ pid: 2, host: hostname() }), { mode: 0o600 });
  await late;
  await writeFile(file, '{', { mode: 0o600 });
  await assert.rejects(lock(directory), DirectoryLockError);
});

test('a directory that cannot be locked is distinguished from one in use', async () => {
  await using _leaks = expectNoLeaks();
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'data');
  // SQLite cannot open a directory, as it cannot create a file on a read-only file system.
  await mkdir(join(directory, 'lock'), { recursive: true, mode: 0o700 });
  await assert.rejects(lock(directory), (error: unknown) => {
    assert.ok(error instanceof DirectoryLockError, String(error));
    assert.equal(error.fault, 'unsupported');
    assert.match(
      error.message,
      /\(data\.directory\) cannot be locked: unable to open database file\. Make sure/,
    );
    return true;
  });
  if (process.platform !== 'win32') {
    await chmod(directory, 0o755);
    await assert.rejects(lock(directory), PrivateFileError);
  }
});
