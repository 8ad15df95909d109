import type { Points } from '../history/sample-ring.ts';

/** When the run of points that ends with the newest one, and in which a condition is met, began; undefined if there is none. */
export function conditionSince(
  points: Points | undefined,
  measure: string,
  isMet: (value: number) => boolean,
): number | undefined {
  if (points?.from === undefined) return undefined;
  let since: number | undefined;
  for (const [index, value] of (points.columns[measure] ?? []).entries()) {
    // Nothing was measured: what was the case before and after may have been the case between.
    if (value === null) continue;
    if (!isMet(value)) since = undefined;
    else since ??= points.from + index * points.intervalMs;
  }
  return since;
}
