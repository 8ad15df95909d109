export type Ordered<Row> = {
  readonly rows: readonly Row[];
  /** Rows that moved, came or went meanwhile, and are not shown so yet. */
  readonly changes: number;
};

/**
 * Rows in the order in which they are shown while somebody points at them. Contents are always the newest; rows neither
 * move nor appear under the pointer. Rows that no longer exist keep their last contents in `gone`.
 */
export function frozenOrder<Row>(
  shown: readonly Row[] | undefined,
  latest: readonly Row[],
  keyOf: (row: Row) => string,
): Ordered<Row> {
  if (shown === undefined) return { rows: latest, changes: 0 };
  const newest = new Map(latest.map((row) => [keyOf(row), row]));
  const shownKeys = new Set(shown.map(keyOf));
  const rows = shown.map((row) => newest.get(keyOf(row)) ?? row);
  const gone = shown.filter((row) => !newest.has(keyOf(row))).length;
  const came = latest.filter((row) => !shownKeys.has(keyOf(row))).length;
  // Of the rows that are in both, those whose place among them differs.
  const before = shown.map(keyOf).filter((key) => newest.has(key));
  const after = latest.map(keyOf).filter((key) => shownKeys.has(key));
  return { rows, changes: gone + came + moved(before, after) };
}

/** How many keys have to move to turn one order into the other: those outside the longest common run in order. */
function moved(before: readonly string[], after: readonly string[]): number {
  const place = new Map(after.map((key, index) => [key, index]));
  // Longest increasing subsequence (patience sorting), in O(n log n): the tables have thousands of rows.
  const tails: number[] = [];
  for (const key of before) {
    const at = place.get(key) ?? 0;
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((tails[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    tails[low] = at;
  }
  return before.length - tails.length;
}
