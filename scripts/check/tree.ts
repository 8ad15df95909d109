import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Files that are tracked by Git or would be after `git add`, relative to `root` and sorted. With `endings`, only files that
 * end with one of them.
 */
export async function treeFiles(root: string, ...endings: readonly string[]): Promise<string[]> {
  const { stdout } = await execute('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(stdout.split('\0'))]
    .filter((file) => file !== '' && (endings.length === 0 || endings.some((end) => file.endsWith(end))))
    .filter((file) => existsSync(join(root, file)))
    .sort();
}
