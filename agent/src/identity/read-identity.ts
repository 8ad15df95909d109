import { lstatSync, type Stats, statSync } from 'node:fs';
import { readFetched, UpgradeError } from '@penstock/updater';
import { errorCode } from '@penstock/wire';
import type { AgentCredentials } from './agent-credentials.ts';
import { currentFileIn, parseCurrentFile } from './current-file.ts';
import { IdentityError } from './identity-error.ts';

const MAX_BYTES = 256 * 1024;

/**
 * The credentials in an identity directory, for commands that only read them; undefined before the first enrollment. Nothing is
 * created. The directory belongs to the agent, which may have been taken over, and commands like this one are often run by root:
 * the file is read with the rights of the directory's owner, who gains nothing by putting a link, a pipe, or a device there.
 * Throws IdentityError.
 */
export function readIdentity(directory: string): AgentCredentials | undefined {
  const owner = ownerOf(directory);
  if (owner === undefined) return undefined;
  const file = currentFileIn(directory);
  // What its owner can read is read; with other rights, only what belongs to its owner.
  const read = asIdentityError(file, () =>
    withRightsOf(owner, directory, (areTaken, folder) =>
      readFetched(currentFileIn(folder), MAX_BYTES, areTaken ? undefined : owner.uid),
    ),
  );
  return read === undefined ? undefined : parseCurrentFile(file, read.bytes.toString()).credentials;
}

/** Undefined if the directory does not exist. */
function ownerOf(directory: string): Stats | undefined {
  let stats = lstatSync(directory, { throwIfNoEntry: false });
  // systemd has made a link of the state directory of a dynamic user. Only root can have put one beside it.
  if (stats?.isSymbolicLink() === true && stats.uid === 0)
    stats = statSync(directory, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return stats;
  throw new IdentityError('damaged', `${directory} (identity.directory) is not a directory.`);
}

function asIdentityError<Value>(file: string, action: () => Value): Value {
  try {
    return action();
  } catch (cause) {
    if (!(cause instanceof UpgradeError)) throw cause;
    const advice = 'Run the command as root, or as the user that runs the agent.';
    // It was read by a path from within its folder.
    const reason = cause.message.replace(currentFileIn('.'), () => file);
    throw new IdentityError('damaged', `The identity cannot be read: ${reason} ${advice}`, { cause });
  }
}

/**
 * Runs `action`, which must be synchronous, as another user: the user id applies to the whole process. Without the rights to
 * do so, as root in a container may be, it runs as this user, and is told. It is passed a path of the folder: root goes into
 * it first, since only root gets through the folders that systemd keeps the state of dynamic users in.
 */
function withRightsOf<Value>(
  { uid, gid, dev, ino }: Stats,
  folder: string,
  action: (areTaken: boolean, folder: string) => Value,
): Value {
  const groups = process.getgroups?.();
  const group = process.getegid?.();
  if (process.geteuid?.() !== 0 || uid === 0 || groups === undefined || group === undefined)
    return action(false, folder);
  const before = process.cwd();
  process.chdir(folder);
  try {
    const now = statSync('.');
    if (now.dev !== dev || now.ino !== ino)
      throw new IdentityError('damaged', `${folder} (identity.directory) was replaced meanwhile.`);
    const areTaken = isPermitted(() => {
      process.setgroups?.([]);
      process.setegid?.(gid);
      process.seteuid?.(uid);
    });
    return action(areTaken, '.');
  } finally {
    process.seteuid?.(0);
    isPermitted(() => {
      process.setegid?.(group);
      process.setgroups?.(groups);
    });
    process.chdir(before);
  }
}

/** False if the operating system does not let this process do it. */
function isPermitted(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EPERM') return false;
    throw error;
  }
}
