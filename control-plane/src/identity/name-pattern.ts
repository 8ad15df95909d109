/** A glob over agent names: `*` stands for any characters, `?` for one, the rest for itself. */
export const NAME_GLOB = '^[A-Za-z0-9._*?-]{1,63}$';

/** Matches in time linear to the product of the lengths, whatever the pattern; both are at most 63 long. */
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
