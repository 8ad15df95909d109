/**
 * Whether an agent name matches a glob: `*` matches any characters, `?` matches one. Takes time linear in the product of
 * the lengths, whatever the pattern; both are at most 63 long.
 */
export function nameMatches(glob: string, name: string): boolean {
  let possible = new Set([0]);
  for (const symbol of glob) {
    const next = new Set<number>();
    for (const at of possible) {
      if (symbol === '*') for (let end = at; end <= name.length; end += 1) next.add(end);
      else if (at < name.length && (symbol === '?' || symbol === name[at])) next.add(at + 1);
    }
    possible = next;
  }
  return possible.has(name.length);
}
