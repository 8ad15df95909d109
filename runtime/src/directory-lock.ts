import { open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openPrivateDirectory, readFileIfPresent, writePrivateFile } from './private-file.ts';

/** SQLite locks this file and never writes to it, so no crash can damage it. */
const LOCK_FILE = 'lock';
/** Names the process that holds the lock, for messages only. */
const OWNER_FILE = 'lock-owner.json';
const MAX_OWNER_LENGTH = 1_000;
/** Time for the holder of a lock to name itself. */
const OWNER_TIMEOUT_MS = 2_000;
const OWNER_POLL_MS = 100;

/** SQLITE_BUSY and SQLITE_LOCKED (sqlite.org/rescode.html). */
const HELD_CODES: ReadonlySet<number> = new Set([5, 6]);

/**
 * A directory could not be locked. `held`: another process uses it. `unsupported`: its file system is read-only or has no
 * locks, so nobody can lock it. The message says where and what to do.
 */
export class DirectoryLockError extends Error {
  override readonly name = 'DirectoryLockError';
  readonly fault: 'held' | 'unsupported';

  constructor(fault: 'held' | 'unsupported', message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Dispose it to release the lock. The end of the process releases it as well. */
export type DirectoryLock = Disposable;

/**
 * Opens a private directory (see `openPrivateDirectory`) for this process alone. `field` is the configuration field that names
 * the directory. The lock belongs to an open file, not to a process id: the operating system releases it however the process
 * ends, it holds across containers that share a volume, and it works on Windows. Node has no such lock of its own; SQLite has.
 * Throws DirectoryLockError or PrivateFileError.
 */
export async function lockPrivateDirectory(directory: string, field: string): Promise<DirectoryLock> {
  await openPrivateDirectory(directory, field);
  return lockDirectory(directory, field);
}

/** Like `lockPrivateDirectory`, for an existing directory with any mode. Throws DirectoryLockError. */
export async function lockDirectory(directory: string, field: string): Promise<DirectoryLock> {
  const file = join(directory, LOCK_FILE);
  const ownerFile = join(directory, OWNER_FILE);
  await createIfMissing(file);
  for (let waited = 0; ; waited += OWNER_POLL_MS) {
    try {
      const lock = await acquire(file);
      // Only messages need it: a full disk must not prevent the start.
      await writePrivateFile(ownerFile, JSON.stringify({ pid: process.pid, host: hostname() })).catch(
        () => {},
      );
      return lock;
    } catch (cause) {
      if (!HELD_CODES.has(primaryCode(cause))) throw unsupported(directory, field, cause);
      const owner = ownerOf(await readFileIfPresent(ownerFile));
      if (owner !== undefined) throw held(directory, field, owner, cause);
      // Network file systems without locks report the same code (ENOLCK), but no process ever gets to name itself there.
      if (waited >= OWNER_TIMEOUT_MS) throw unsupported(directory, field, cause);
      await delay(OWNER_POLL_MS);
    }
  }
}

/** Creates the file for its owner alone. An existing file is not opened: closing it would release a lock of this process. */
async function createIfMissing(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch {
    // It exists, or SQLite reports why it cannot be created.
  }
}

/** Throws the error of SQLite. */
async function acquire(file: string): Promise<DirectoryLock> {
  // Loaded here, because most users of this package never lock.
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(file);
  try {
    // Otherwise SQLite creates a journal beside the file, for which a full disk has no room.
    database.exec('PRAGMA journal_mode = MEMORY');
    // The lock of a writer that has not written yet. It lasts until the transaction ends.
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

/** The upper bits of a code distinguish variants. */
const primaryCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : -1;

function ownerOf(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_OWNER_LENGTH) return undefined;
  try {
    const { pid, host } = JSON.parse(text) as { pid?: unknown; host?: unknown };
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
    return host === hostname() ? `process ${pid}` : `process ${pid} of host ${host}`;
  } catch {
    return undefined;
  }
}

const held = (directory: string, field: string, owner: string, cause: unknown) =>
  new DirectoryLockError(
    'held',
    `The directory ${directory} (${field}) is in use by ${owner}. Stop that process, or name another directory in ${field}.`,
    { cause },
  );

function unsupported(directory: string, field: string, cause: unknown): DirectoryLockError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DirectoryLockError(
    'unsupported',
    `The directory ${directory} (${field}) cannot be locked: ${reason}. Make sure that no other process uses it, or put it on ` +
      'a writable file system that supports locks.',
    { cause },
  );
}
