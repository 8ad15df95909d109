import { type Layout, pointTo } from '@penstock/services';
import { currentVersion, installedVersions, stableVersion } from './version-folders.ts';

/**
 * Makes both pointers lead to an executable again. Returns what was repaired, as sentences for the log. A host on which
 * nothing is installed has nothing to repair.
 */
export function repairPointers(layout: Layout): readonly string[] {
  const repairs: string[] = [];
  const repair = (pointer: string, version: string | undefined) => {
    if (version === undefined) return;
    pointTo(layout, pointer, version);
    repairs.push(`${pointer} led nowhere, and leads to ${version} now.`);
  };
  // The newest by name is a guess, for a host that has lost both.
  const fallback = () => installedVersions(layout).at(-1);
  if (currentVersion(layout) === undefined) repair(layout.current, stableVersion(layout) ?? fallback());
  if (stableVersion(layout) === undefined) repair(layout.stable, currentVersion(layout));
  return repairs;
}
