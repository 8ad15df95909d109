const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(-[0-9A-Za-z.-]+)?(?:\+|$)/;

/** Whether one release comes before another by the order of semver.org; false when either is no such version. */
export function isOlder(version: string, than: string): boolean {
  const one = VERSION.exec(version);
  const other = VERSION.exec(than);
  if (one === null || other === null) return false;
  for (const part of [1, 2, 3]) {
    const difference = Number(one[part]) - Number(other[part]);
    if (difference !== 0) return difference < 0;
  }
  // Of the same release, a preview comes first; two previews are not told apart.
  return one[4] !== undefined && other[4] === undefined;
}
