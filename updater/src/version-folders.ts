import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  executableOf,
  type Layout,
  removeReplaced,
  renameInPlace,
  syncDirectorySync,
  versionAt,
} from '@penstock/services';
import { VERSION_PATTERN } from '@penstock/wire';
import { UpgradeError } from './fetched-file.ts';
import { isDiskFull } from './is-disk-full.ts';

export const PROGRAM = 'penstock-agent';

/** Name of a version that is being copied. Nothing runs from it. */
const PARTIAL_PREFIX = '.staging-';
const isVersion = new RegExp(VERSION_PATTERN);

/** What must remain free after a version has been copied: the host needs its disk for other things too. */
const RESERVED_BYTES = 32 * 1024 * 1024;

export const folderOf = (layout: Layout, version: string): string => join(layout.versions, version);
export const agentOf = (layout: Layout, version: string): string =>
  executableOf(layout, folderOf(layout, version), PROGRAM);

/** Versions that are complete. A folder gets its name when everything is in it. */
export function installedVersions(layout: Layout): readonly string[] {
  if (!existsSync(layout.versions)) return [];
  return readdirSync(layout.versions)
    .filter((name) => isVersion.test(name) && existsSync(agentOf(layout, name)))
    .sort();
}

export const currentVersion = (layout: Layout): string | undefined =>
  versionAt(layout, layout.current, PROGRAM);
export const stableVersion = (layout: Layout): string | undefined =>
  versionAt(layout, layout.stable, PROGRAM);

/**
 * Copies an executable into the folder of its version, which appears as a whole or not at all. `check` runs it before that.
 * Throws UpgradeError DISK_FULL, and what `chunks` and `check` throw.
 */
export async function addVersion(
  layout: Layout,
  version: string,
  size: number,
  chunks: AsyncIterable<Uint8Array>,
  check: (executable: string) => void,
): Promise<void> {
  const partial = join(layout.versions, `${PARTIAL_PREFIX}${version}`);
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true, mode: 0o755 });
    const { bavail, bsize } = statfsSync(partial);
    if (bavail * bsize < size + RESERVED_BYTES) throw diskFull(layout, size);
    const executable = executableOf(layout, partial, PROGRAM);
    await writeAll(executable, chunks);
    chmodSync(executable, 0o755);
    check(executable);
    linkOthers(layout, partial);
    syncDirectorySync(partial);
    rmSync(folderOf(layout, version), { recursive: true, force: true });
    renameInPlace(partial, folderOf(layout, version));
    syncDirectorySync(layout.versions);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw isDiskFull(error) ? diskFull(layout, size, error) : error;
  }
}

async function writeAll(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Other programs of the host run from the same pointer, and keep the version that they have. */
function linkOthers(layout: Layout, folder: string): void {
  if (!existsSync(layout.current)) return;
  for (const name of readdirSync(layout.current)) {
    const present = join(layout.current, name);
    if (name !== `${PROGRAM}${layout.suffix}` && name.startsWith('penstock-') && lstatSync(present).isFile())
      linkSync(present, join(folder, name));
  }
}

/**
 * Removes partial copies, and old versions beyond `count`. What the pointers lead to and what `keep` names stays in any case;
 * of the others, the ones that were added last.
 */
export function pruneVersions(layout: Layout, keep: readonly (string | undefined)[], count: number): void {
  removePartial(layout);
  const kept = new Set([...keep, currentVersion(layout), stableVersion(layout)]);
  const addedAt = (version: string) => statSync(folderOf(layout, version)).ctimeMs;
  const others = installedVersions(layout)
    .filter((version) => !kept.has(version))
    .sort((one, other) => addedAt(other) - addedAt(one));
  const room = Math.max(0, count - kept.size + (kept.has(undefined) ? 1 : 0));
  for (const version of others.slice(room))
    rmSync(folderOf(layout, version), { recursive: true, force: true });
}

export function removePartial(layout: Layout): void {
  const { versions } = layout;
  removeReplaced(layout);
  if (!existsSync(versions)) return;
  for (const name of readdirSync(versions)) {
    if (name.startsWith(PARTIAL_PREFIX)) rmSync(join(versions, name), { recursive: true, force: true });
  }
}

const diskFull = ({ versions }: Layout, size: number, cause?: unknown) =>
  new UpgradeError('DISK_FULL', `${versions} has no space for ${Math.ceil(size / 1024 / 1024)} MB.`, {
    cause,
  });
