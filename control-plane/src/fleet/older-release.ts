const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(-[0-9A-Za-z.-]+)?(?:\+|$)/;

/** Whether `version` precedes `other` in the order of semver.org. False when either is not such a version. */
export function isOlderRelease(version: string, other: string): boolean {
  const left = VERSION.exec(version);
  const right = VERSION.exec(other);
  if (left === null || right === null) return false;
  for (const part of [1, 2, 3]) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference < 0;
  }
  // A prerelease precedes its release. Two prereleases of one release count as equal.
  return left[4] !== undefined && right[4] === undefined;
}
