import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { renameInPlace, syncDirectorySync } from './host-files.ts';
import { executableOf, type Layout, type ProgramName } from './layout.ts';
import { pointTo, versionAt } from './pointer.ts';
import type { Step } from './step.ts';

export type PlaceOptions = {
  readonly layout: Layout;
  readonly program: ProgramName;
  readonly version: string;
  /** This executable. */
  readonly executable: string;
};

/**
 * Puts this executable among the versions of the host, unless it is one of them, and points to it where a pointer is
 * missing or leads nowhere. A pointer that leads to another version stays: that is an upgrade, which `upgrade` does.
 */
export function placeSteps({ layout, program, version, executable }: PlaceOptions): readonly Step[] {
  const steps: Step[] = [];
  const folder = join(layout.versions, version);
  const placed = executableOf(layout, folder, program);
  if (!existsSync(placed)) {
    steps.push({
      title: `copy ${executable} to ${placed}`,
      run() {
        for (const each of [layout.home, layout.versions, folder]) makeFolder(each);
        const partial = `${placed}.part`;
        rmSync(partial, { force: true });
        cpSync(executable, partial, { preserveTimestamps: true, dereference: true });
        // The modes of a download are those of the user who made it.
        chmodSync(partial, EXECUTABLE_MODE);
        renameInPlace(partial, placed);
        syncDirectorySync(folder);
      },
    });
  }
  for (const pointer of [layout.current, layout.stable]) {
    if (versionAt(layout, pointer, program) !== undefined) continue;
    steps.push({
      title: `link ${pointer} to ${join('versions', version)}`,
      run() {
        linkOthers(pointer, folder, program);
        pointTo(layout, pointer, version);
      },
    });
  }
  return steps;
}

const EXECUTABLE_MODE = 0o755;
const WRITABLE_BY_OTHERS = 0o022;

/** Creates a folder that every user can read, whatever umask root has. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, EXECUTABLE_MODE);
}

/** The other program of a host runs from the same pointers: it keeps the version that it has. */
function linkOthers(pointer: string, folder: string, program: ProgramName): void {
  if (!existsSync(pointer)) return;
  for (const name of readdirSync(pointer)) {
    const other = join(folder, name);
    if (
      name.replace(/\.exe$/, '') === program ||
      !/^penstock-[a-z]+(\.exe)?$/.test(name) ||
      existsSync(other)
    )
      continue;
    linkSync(join(pointer, name), other);
  }
}

/**
 * A part of the path to an executable that users other than root can replace, and why; undefined if there is none. The
 * updater runs from there as root.
 */
export function replaceablePart(layout: Layout, owner = 0): string | undefined {
  for (const path of [layout.home, layout.versions, layout.current, layout.stable, ...placedIn(layout)]) {
    const stats: Stats | undefined = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (stats.uid !== owner) return `${path} belongs to user ${stats.uid}. Run: chown -R root:root ${path}`;
    const isOpen = !stats.isSymbolicLink() && (stats.mode & WRITABLE_BY_OTHERS) !== 0;
    if (isOpen) return `Users other than root can write to ${path}. Run: chmod -R go-w ${path}`;
  }
  return undefined;
}

/** The folders of the versions, and the programs in them. */
function placedIn({ versions }: Layout): readonly string[] {
  if (!existsSync(versions)) return [];
  const folders = readdirSync(versions).map((version) => join(versions, version));
  const isFolder = (path: string) => lstatSync(path).isDirectory();
  return folders.flatMap((folder) => [
    folder,
    ...(isFolder(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]);
}
