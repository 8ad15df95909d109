import { join } from 'node:path';
import { type Layout, readLink, replaceLink } from '@penstock/services';
import { currentVersion, installedVersions, stableVersion } from './version-folders.ts';

const targetOf = (version: string) => join('versions', version);

/** Points to a version, in one step. Does nothing if the pointer leads there already. */
export function point(pointer: string, version: string): void {
  if (readLink(pointer) !== targetOf(version)) replaceLink(pointer, targetOf(version));
}

/**
 * Makes both pointers lead to an executable again. Returns what was repaired, as sentences for the log. A host on which
 * nothing is installed has nothing to repair.
 */
export function repairPointers(layout: Layout): readonly string[] {
  const repairs: string[] = [];
  const repair = (pointer: string, version: string | undefined) => {
    if (version === undefined) return;
    point(pointer, version);
    repairs.push(`${pointer} led nowhere, and leads to ${version} now.`);
  };
  // The newest by name is a guess, for a host that has lost both.
  const fallback = () => installedVersions(layout).at(-1);
  if (currentVersion(layout) === undefined) repair(layout.current, stableVersion(layout) ?? fallback());
  if (stableVersion(layout) === undefined) repair(layout.stable, currentVersion(layout));
  return repairs;
}
