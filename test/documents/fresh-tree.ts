import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A copy of the files of this tree as Git would clone them, with what `npm ci` would install. */
export type FreshTree = AsyncDisposable & {
  readonly path: string;
  /** Holds a stand-in for npm that installs nothing. */
  readonly stubs: string;
};

/**
 * Copies the tree. Its node_modules has the packages of this tree as links, and the workspaces and programs of the copy, so
 * `npm ci` has nothing left to do.
 */
export async function freshTree(): Promise<FreshTree> {
  const directory = await temporaryDirectory();
  const path = join(directory.path, 'penstock');
  const listed = await promisify(execFile)('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: ROOT,
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const file of listed.stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await cp(join(ROOT, file), join(path, file)).catch((error: NodeJS.ErrnoException) => {
      // Removed in the work tree but not yet in the index.
      if (error.code !== 'ENOENT') throw error;
    });
  }
  const installed = join(ROOT, 'node_modules');
  await mkdir(join(path, 'node_modules'));
  const links = { recursive: true, verbatimSymlinks: true };
  for (const name of await readdir(installed)) {
    const [from, to] = [join(installed, name), join(path, 'node_modules', name)];
    if (name === '@penstock' || name === '.bin') await cp(from, to, links);
    else await symlink(from, to);
  }
  const stubs = join(directory.path, 'stubs');
  await mkdir(stubs);
  await writeFile(
    join(stubs, 'npm'),
    '#!/bin/sh\n[ "$*" = ci ] || { echo "npm $*: not in this test" >&2; exit 1; }\n',
  );
  await chmod(join(stubs, 'npm'), 0o755);
  return { path, stubs, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}
