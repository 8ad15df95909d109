import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CachedLayer } from './build-stage.ts';

/** What a build may write into, or must be able to execute as another user. */
const COPIED = new Set(['node']);
/** Written by builds, and different in each tree. */
const LEFT_OUT = new Set(['.cache', '.package-lock.json', '@penstock']);

/**
 * What `npm ci` leaves in a folder, with the packages that it has left in this checkout from the same lock file: continuous
 * integration has just run it in a bare clone.
 */
export const dependenciesOf =
  (checkout: string): CachedLayer =>
  async (folder) => {
    const from = join(checkout, 'node_modules');
    const to = join(folder, 'node_modules');
    await mkdir(join(to, '@penstock'), { recursive: true });
    for (const name of await readdir(from)) {
      if (LEFT_OUT.has(name)) continue;
      if (COPIED.has(name)) await copy(join(from, name), join(to, name));
      else await symlink(join(from, name), join(to, name));
    }
    for (const name of await readdir(join(from, '@penstock')))
      await symlink(join('../..', name), join(to, '@penstock', name));
  };

/** With the blocks of the original where the file system can share them. */
async function copy(from: string, to: string): Promise<void> {
  if (process.platform !== 'linux') return cp(from, to, { recursive: true });
  await promisify(execFile)('cp', ['--archive', '--reflink=auto', from, to]);
}
