import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileFailureText } from '@penstock/runtime';
import { StoreError } from './store-error.ts';

export const STORE_FILE = 'store.sqlite';

/** What to do about a store that was lost or damaged. */
export const RESTORE_ADVICE =
  'Restore the data directory from a backup. Without a backup, move store.sqlite and its -wal and -shm files away and run ' +
  'penstock-gateway init --new-store: all tokens, revocations and the audit log are then lost, every agent must enroll ' +
  'again before its certificate expires, and certificates of revoked agents are accepted until they expire.';

/** Added to the name of an embedded store that was moved to a database: a gateway must not start with it by mistake. */
export const MOVED_SUFFIX = '.moved';
/** The file that names the database: `host:port/name`, without user and password. */
export const MOVED_TO_SUFFIX = '.moved-to';

/** `empty` has a size of 0: a failed restore or a full disk leaves such a file, and SQLite takes it for a new database. */
export type StoreFileState = 'missing' | 'empty' | 'present';

/** Whether a data directory has a store. Throws StoreError when that cannot be determined. */
export async function storeFileState(file: string): Promise<StoreFileState> {
  try {
    return (await stat(file)).size === 0 ? 'empty' : 'present';
  } catch (cause) {
    if (isMissing(cause)) return 'missing';
    throw failed(fileFailureText(`The store ${file} cannot be opened`, file, cause), cause);
  }
}

/** What to do about a store that was moved, if gateway.yaml does not name the database. */
export const MOVED_ADVICE =
  'Set store.url in gateway.yaml to that database. To move the store back, then run penstock-gateway store migrate ' +
  '--to embedded.';

/**
 * Says that an embedded store was moved to a database, and which one; undefined if it was not moved. Throws StoreError when
 * that cannot be determined.
 */
export async function movedStoreText(file: string): Promise<string | undefined> {
  if ((await storeFileState(`${file}${MOVED_SUFFIX}`)) === 'missing') return;
  const place = await readFile(`${file}${MOVED_TO_SUFFIX}`, 'utf8').catch(() => '');
  const database = place.trim() === '' ? 'a database' : `the database ${place.trim().slice(0, 300)}`;
  return `The store ${file} was moved to ${database}, and is ${basename(file)}${MOVED_SUFFIX} now.`;
}

/** Throws StoreError unless the file exists, has content, and can be written. */
export async function requireStoreFile(file: string): Promise<void> {
  const state = await storeFileState(file);
  if (state === 'missing') {
    const moved = await movedStoreText(file);
    if (moved !== undefined) throw failed(`${moved} ${MOVED_ADVICE}`);
    throw failed(
      `There is no store ${file}. Run penstock-gateway init if this gateway is new; otherwise restore the data directory ` +
        'from a backup: without its store, revoked agents are accepted again.',
    );
  }
  if (state === 'empty') throw failed(`The store ${file} is empty (0 bytes). ${RESTORE_ADVICE}`);
  try {
    await (await open(file, 'r+')).close();
  } catch (cause) {
    throw failed(fileFailureText(`The store ${file} cannot be opened`, file, cause), cause);
  }
}

/**
 * Creates an empty file with private permissions, which SQLite would not, and which its -wal and -shm files inherit. A file
 * with content stays as it is. Throws StoreError.
 */
export async function createStoreFile(file: string): Promise<void> {
  if ((await storeFileState(file)) === 'present') return requireStoreFile(file);
  try {
    const handle = await open(file, 'a', 0o600);
    await handle.chmod(0o600).finally(() => handle.close());
  } catch (cause) {
    throw failed(fileFailureText(`The store ${file} cannot be created`, dirname(file), cause), cause);
  }
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const failed = (message: string, cause?: unknown) => new StoreError('failed', message, { cause });
