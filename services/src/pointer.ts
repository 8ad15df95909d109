import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readLink, renameInPlace, replaceLink, syncDirectorySync } from './host-files.ts';
import { executableOf, type Layout, type ProgramName } from './layout.ts';

/** The version that a pointer leads to; undefined if it leads to no executable of the program. */
export function versionAt(layout: Layout, pointer: string, program: ProgramName): string | undefined {
  const executable = executableOf(layout, pointer, program);
  if (layout.pointers === 'hard-links') return versionOfFile(layout, executable, program);
  const target = readLink(pointer);
  return target === undefined || !existsSync(executable) ? undefined : basename(target);
}

/** Points to a version. Does nothing if the pointer leads there already. */
export function pointTo(layout: Layout, pointer: string, version: string): void {
  if (layout.pointers === 'hard-links') {
    linkPrograms(join(layout.versions, version), pointer);
    return;
  }
  const target = join('versions', version);
  if (readLink(pointer) !== target) replaceLink(pointer, target);
}

/** The version of which a file is a hard link. */
function versionOfFile(layout: Layout, file: string, program: ProgramName): string | undefined {
  if (!existsSync(file) || !existsSync(layout.versions)) return undefined;
  return readdirSync(layout.versions)
    .filter((name) => !name.startsWith('.'))
    .find((name) => isSameFile(file, executableOf(layout, join(layout.versions, name), program)));
}

/** Whether two paths are the same file. */
export function isSameFile(one: string, other: string): boolean {
  // NTFS numbers files with 64 bits.
  const [first, second] = [one, other].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}

/** What `removeReplaced` removes. Its name is not that of a program. */
const REPLACED = '.replaced-';
const NEXT = '.next-';

function linkPrograms(folder: string, pointer: string): void {
  mkdirSync(pointer, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!/^penstock-[a-z]+(\.exe)?$/.test(name) || isSameFile(join(folder, name), join(pointer, name)))
      continue;
    const next = join(pointer, `${NEXT}${randomBytes(6).toString('hex')}`);
    linkSync(join(folder, name), next);
    replaceProgram(next, join(pointer, name));
  }
  syncDirectorySync(pointer);
}

/**
 * Gives a file the name of a program that may be running. Windows does not let go of an executable that runs, but lets it have
 * another name. A power cut between the two steps leaves a pointer that leads nowhere, which the next updater repairs.
 */
function replaceProgram(next: string, program: string): void {
  try {
    renameSync(next, program);
  } catch {
    try {
      if (existsSync(program))
        renameInPlace(program, join(program, '..', `${REPLACED}${randomBytes(6).toString('hex')}`));
      renameInPlace(next, program);
    } catch (error) {
      rmSync(next, { force: true });
      throw error;
    }
  }
}

/** Removes what was replaced while it ran, unless it still runs. */
export function removeReplaced({ pointers, current, stable }: Layout): void {
  if (pointers === 'symbolic-links') return;
  for (const pointer of [current, stable].filter((path) => existsSync(path))) {
    for (const name of readdirSync(pointer)) {
      if (!name.startsWith(REPLACED) && !name.startsWith(NEXT)) continue;
      try {
        rmSync(join(pointer, name), { force: true });
      } catch {
        // The process that runs from it is about to end.
      }
    }
  }
}
