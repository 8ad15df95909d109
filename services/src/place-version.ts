import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readLink, replaceLink, syncDirectorySync } from './host-files.ts';
import type { Layout, ProgramName } from './layout.ts';
import type { Step } from './step.ts';

export type PlaceOptions = {
  readonly layout: Layout;
  readonly program: ProgramName;
  readonly version: string;
  /** This executable. */
  readonly executable: string;
};

/** The executable of a version. */
export const executableOf = (folder: string, program: ProgramName): string => join(folder, program);

/** The version that a pointer leads to; undefined if it leads to no executable of the program. */
export function versionAt(pointer: string, program: ProgramName): string | undefined {
  const target = readLink(pointer);
  if (target === undefined || !existsSync(executableOf(pointer, program))) return undefined;
  return basename(target);
}

/**
 * Puts this executable among the versions of the host, unless it is one of them, and points to it where a pointer is
 * missing or leads nowhere. A pointer that leads to another version stays: that is an upgrade, which `upgrade` does.
 */
export function placeSteps({ layout, program, version, executable }: PlaceOptions): readonly Step[] {
  const steps: Step[] = [];
  const folder = join(layout.versions, version);
  const placed = executableOf(folder, program);
  if (!existsSync(placed)) {
    steps.push({
      title: `copy ${executable} to ${placed}`,
      run() {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        const partial = `${placed}.part`;
        rmSync(partial, { force: true });
        cpSync(executable, partial, { preserveTimestamps: true });
        renameSync(partial, placed);
        syncDirectorySync(folder);
      },
    });
  }
  for (const pointer of [layout.current, layout.stable]) {
    if (versionAt(pointer, program) !== undefined) continue;
    steps.push({
      title: `link ${pointer} to versions/${version}`,
      run: () => replaceLink(pointer, join('versions', version)),
    });
  }
  return steps;
}

/** Whether two paths are the same file. */
export function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}
