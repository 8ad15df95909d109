import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of a few megabytes, which a test can fill. */
export type SmallDisk = AsyncDisposable & {
  readonly path: string;
  /** Uses up all remaining space. */
  fill(): void;
  /** Releases it. */
  makeRoom(): Promise<void>;
};

const SIZE = 8 * 1024 * 1024;

/** Mounting requires root, and a kernel that permits it; neither can be installed. */
export function skipWithoutMount(): false | string {
  const path = mkdtempSync(join(tmpdir(), 'penstock-mount-'));
  try {
    mount(path);
    execFileSync('umount', [path]);
    return false;
  } catch {
    return 'a file system cannot be mounted here';
  } finally {
    rmdirSync(path);
  }
}

/** Mounts a small disk; disposing unmounts it. */
export function mountSmallDisk(): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'penstock-disk-'));
  mount(path);
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    },
    makeRoom: () => rm(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      execFileSync('umount', ['--lazy', path]);
      rmdirSync(path);
    },
  };
}

function mount(path: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'tmpfs', path], { stdio: 'ignore' });
}
