/** Returns a quantile of the samples, interpolated linearly. Throws if there are no samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error('There are no samples.');
  return below + (above - below) * (place - Math.floor(place));
}

export type Summary = { readonly median: number; readonly min: number; readonly max: number };

export function summarize(samples: readonly number[]): Summary {
  return { median: quantile(samples, 0.5), min: quantile(samples, 0), max: quantile(samples, 1) };
}

/** Returns the ratio of the medians; undefined if one side has no samples or the divisor is zero. */
export function ratioOfMedians(own: readonly number[], other: readonly number[]): number | undefined {
  if (own.length === 0 || other.length === 0) return undefined;
  const ratio = quantile(own, 0.5) / quantile(other, 0.5);
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** Rotates the items by the number of the round, so no route always runs after the same other one. */
export function rotate<Item>(items: readonly Item[], round: number): Item[] {
  if (items.length === 0) return [];
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
