import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IdentityFileError } from './identity-file-error.ts';

const posix = process.platform !== 'win32';

/** Makes the directory, for its owner alone; leaves one that is there as it is. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new IdentityFileError(
      `The directory ${directory} cannot be made. Make it, owned by the user the gateway runs as.`,
      { cause },
    );
  }
}

/** Writes the whole file or nothing, readable by its owner alone, and on the disk when this returns. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncDirectory(dirname(file));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new IdentityFileError(`The file ${file} cannot be written.`, { cause });
  }
}

/** The file's text, or undefined when there is none. Throws when it can be read by others than its owner. */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  const found = await readFileIfThere(file);
  if (found === undefined || !posix) return found;
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new IdentityFileError(
      `The key ${file} can be read by others (mode ${(mode & 0o777).toString(8)}). ` +
        `Run chmod 600 ${file}, and think about who may have read it.`,
    );
  }
  return found;
}

export async function readFileIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new IdentityFileError(`The file ${file} cannot be read.`, { cause });
  }
}

/** A rename is only on the disk when its directory is; Windows can neither open nor needs to. */
async function syncDirectory(directory: string): Promise<void> {
  if (!posix) return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
