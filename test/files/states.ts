import { chown, copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';

/** What a failed restore, a full disk, a power failure, a wrong mount or a wrong user makes of a file. */
export const fileStates = [
  'missing',
  'empty',
  'truncated',
  'zeroed',
  'foreign',
  'directory',
  'unreadable',
] as const;
export type FileState = (typeof fileStates)[number];

/** Puts a file into a state. `foreign` is a file of the same kind that belongs to another installation or program. */
export async function putInto(state: FileState, file: string, foreign: string): Promise<void> {
  switch (state) {
    case 'missing':
      return rm(file);
    case 'empty':
      return truncate(file, 0);
    case 'truncated':
      return truncate(file, Math.floor((await readFile(file)).length / 2));
    case 'zeroed':
      return writeFile(file, Buffer.alloc((await readFile(file)).length));
    case 'directory':
      await rm(file);
      await mkdir(file, { mode: 0o700 });
      return chown(file, NOBODY, NOBODY);
    case 'foreign':
      return copyFile(foreign, file);
    case 'unreadable':
      // Only to another user than root: see `asAnotherUser`.
      return chown(file, 0, 0);
  }
}

/** The account nobody on every Linux. */
export const NOBODY = 65_534;

/** Runs `action` as a user who cannot read the files of root. Only root can: skip the test for others. */
export async function asAnotherUser<Value>(action: () => Promise<Value>): Promise<Value> {
  process.seteuid?.(NOBODY);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}

export const isRoot = process.geteuid?.() === 0;
