import { readFileSync, type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';

/** Why a file cannot be used: a phrase to follow "FILE cannot be read: ", and a sentence that says what to do. */
export type FileFailure = { readonly reason: string; readonly advice: string };

/** Explains an error of node:fs about `path`. Reads the owners of the path, so it is for failures only. */
export function fileFailure(path: string, error: unknown): FileFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'EACCES' || code === 'EPERM') return denied(resolve(path), code);
  const known = code === undefined ? undefined : failures[code];
  if (known !== undefined) return { ...known, reason: `${known.reason} (${code})` };
  return {
    reason:
      code === undefined ? String(error instanceof Error ? error.message : error) : `it failed with ${code}`,
    advice: 'Check the path and the disk.',
  };
}

/** The two sentences of `fileFailure` after `what`, which says what cannot be done, without a period. */
export function fileFailureText(what: string, path: string, error: unknown): string {
  const { reason, advice } = fileFailure(path, error);
  return `${what}: ${reason}. ${advice}`;
}

const failures: Readonly<Record<string, FileFailure>> = {
  ENOENT: { reason: 'it does not exist', advice: 'Check the path, or mount the volume that contains it.' },
  ENOTDIR: { reason: 'a part of its path is not a directory', advice: 'Check the path.' },
  EISDIR: { reason: 'it is a directory', advice: 'Check the path, or what is mounted there.' },
  ELOOP: { reason: 'its symbolic links form a loop', advice: 'Check the links.' },
  ENOSPC: { reason: 'the disk is full', advice: 'Free some space.' },
  EDQUOT: { reason: "this user's disk quota is used up", advice: 'Free some space, or raise the quota.' },
  EROFS: { reason: 'the file system is read-only', advice: 'Mount it writable, or name another directory.' },
  EIO: { reason: 'the disk reports an error', advice: 'Check the disk and its volume.' },
  EMFILE: { reason: 'this process has no free descriptors', advice: 'Raise its limit of open files.' },
  ENFILE: { reason: 'this host has no free descriptors', advice: 'Raise the limit of open files.' },
};

/** Permission denied: names the part of the path that denies it, its owner, and the user of this process. */
function denied(path: string, code: string): FileFailure {
  const found = nearestStats(path);
  if (found === undefined || process.geteuid === undefined) {
    return { reason: `this user has no permission (${code})`, advice: `Grant it access to ${path}.` };
  }
  const { at, stats } = found;
  const uid = process.geteuid();
  const user = userName(uid);
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  const subject = at === path ? 'it' : at;
  const reason = `${subject} is owned by ${userName(stats.uid)} (mode ${mode}), and this process runs as ${user} (${code})`;
  if (stats.uid === uid) {
    return {
      reason,
      advice: `Run chmod u+rw${stats.isDirectory() ? 'x' : ''} ${at}, or check its access control lists.`,
    };
  }
  const recursive = stats.isDirectory() ? '-R ' : '';
  return {
    reason,
    advice: `Run this program as ${userName(stats.uid)}, or run chown ${recursive}${chownName(uid)} ${at}.`,
  };
}

/** The deepest part of the path that can be inspected: a part below a directory without the x permission cannot. */
function nearestStats(path: string): { readonly at: string; readonly stats: Stats } | undefined {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { at, stats: statSync(at) };
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

function userName(uid: number): string {
  const name = nameOf(uid);
  return name === undefined ? `uid ${uid}` : name;
}

const chownName = (uid: number) => nameOf(uid) ?? String(uid);

/** Containers often run as a user without an entry, for which `userInfo` throws. */
function nameOf(uid: number): string | undefined {
  try {
    const entry = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.split(':')[2] === String(uid));
    if (entry !== undefined) return entry.split(':')[0];
  } catch {
    // macOS and directory services keep users elsewhere.
  }
  try {
    const user = userInfo();
    return user.uid === uid ? user.username : undefined;
  } catch {
    return undefined;
  }
}
