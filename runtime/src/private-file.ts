import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileFailureText } from './file-failure.ts';

/** Windows has no such modes: there, a file inherits the access rules of its owner's profile. */
const hasModes = process.platform !== 'win32';
const OTHERS = 0o077;

/** Name of a temporary file, which a process that dies during a write leaves behind. */
const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/;
/** A younger temporary file may belong to a process that is still writing. */
const TEMPORARY_MAX_AGE_MS = 60 * 60_000;

/**
 * A private file or its directory is not usable. `open-to-others`: users other than the owner have access. `unusable`: it
 * cannot be created, read or written. The message says where and what to do.
 */
export class PrivateFileError extends Error {
  override readonly name = 'PrivateFileError';
  readonly fault: 'open-to-others' | 'unusable';

  constructor(fault: 'open-to-others' | 'unusable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Creates a directory with mode 0700. An existing directory keeps its mode. Throws PrivateFileError. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(`The directory ${directory} cannot be created`, directory, cause);
  }
}

/**
 * Creates a directory with mode 0700 if it does not exist, requires that only its owner has access, and removes the
 * temporary files of writes that were interrupted. `field` is the configuration field that names it. Throws PrivateFileError.
 */
export async function openPrivateDirectory(directory: string, field: string): Promise<void> {
  await makePrivateDirectory(directory);
  const mode = await modeOf(directory);
  if (isOpenToOthers(mode)) {
    throw new PrivateFileError(
      'open-to-others',
      `The directory ${directory} (${field}) is open to other users (mode ${octal(mode)}). Run chmod 700 ${directory}; ` +
        `if a volume sets the mode, name a subdirectory in ${field} and it is created.`,
    );
  }
  await removeInterruptedWrites(directory);
}

/**
 * A sentence that says that users other than the owner have access to a file or directory, and the command that changes it.
 * Undefined if they do not, or if the path cannot be inspected. `mask` has the mode bits that must not be set.
 */
export function exposureOf(path: string, mask: number = OTHERS): string | undefined {
  const stats = hasModes ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (stats === undefined || (stats.mode & mask) === 0) return undefined;
  const command = stats.isDirectory() ? 'chmod 700' : 'chmod 600';
  return `Other users have access to ${path} (mode ${octal(stats.mode & 0o777)}). Run ${command} ${path}.`;
}

/** The text of a file, or undefined when it does not exist. Throws PrivateFileError when other users can read it. */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  const text = await readFileIfPresent(file);
  if (text === undefined) return undefined;
  const mode = await modeOf(file);
  if (!isOpenToOthers(mode)) return text;
  throw new PrivateFileError(
    'open-to-others',
    `Other users can read ${file} (mode ${octal(mode)}). Run chmod 600 ${file}, and replace the key if anyone may have ` +
      'read it.',
  );
}

/** The text of a file with any mode, or undefined when it does not exist. Throws PrivateFileError. */
export async function readFileIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw unusable(`${file} cannot be read`, file, cause);
  }
}

/**
 * Replaces a file as a whole, with mode 0600. A crash leaves the old file or the new one, never a part of it, and the new
 * one is on disk when the promise resolves. Throws PrivateFileError.
 */
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
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unusable(`${file} cannot be written`, dirname(file), cause);
  }
}

/** Renames `replacement`, in the same directory, to `file` in one step. Throws PrivateFileError. */
export async function replacePrivateFile(file: string, replacement: string): Promise<void> {
  try {
    await rename(replacement, file);
    await syncDirectory(dirname(file));
  } catch (cause) {
    throw unusable(`${file} cannot be replaced`, dirname(file), cause);
  }
}

/** Removes a file if it exists. Throws PrivateFileError. */
export async function removePrivateFile(file: string): Promise<void> {
  try {
    await rm(file, { force: true });
    await syncDirectory(dirname(file));
  } catch (cause) {
    throw unusable(`${file} cannot be removed`, dirname(file), cause);
  }
}

async function removeInterruptedWrites(directory: string): Promise<void> {
  try {
    for (const name of (await readdir(directory)).filter((entry) => TEMPORARY.test(entry))) {
      const file = join(directory, name);
      if ((await stat(file)).mtimeMs < Date.now() - TEMPORARY_MAX_AGE_MS) await rm(file, { force: true });
    }
  } catch (cause) {
    // Another process may have removed the same file.
    if (!isMissing(cause)) throw unusable(`The directory ${directory} cannot be read`, directory, cause);
  }
}

/** Codes with which file systems such as SMB and some NFS servers refuse to synchronize a directory. */
const NO_DIRECTORY_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * A rename is durable only after its directory has been synchronized. Windows needs no such step, and a file system that
 * does not offer it decides itself when a rename is durable: the file was synchronized before.
 */
export async function syncDirectory(
  directory: string,
  sync = (handle: FileHandle) => handle.sync(),
): Promise<void> {
  if (!hasModes) return;
  const handle = await open(directory, 'r');
  try {
    await sync(handle);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NO_DIRECTORY_SYNC.includes(code)) throw error;
  } finally {
    await handle.close();
  }
}

async function modeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (cause) {
    throw unusable(`${path} cannot be inspected`, path, cause);
  }
}

const isOpenToOthers = (mode: number) => hasModes && (mode & OTHERS) !== 0;

const octal = (mode: number) => mode.toString(8).padStart(4, '0');

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** `path` is what the system denies or lacks: the directory of a file that is written. */
function unusable(what: string, path: string, cause: unknown): PrivateFileError {
  return new PrivateFileError('unusable', fileFailureText(what, path, cause), { cause });
}
