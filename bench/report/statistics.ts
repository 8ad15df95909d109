/** The value below which a share of the samples lies, between neighbors in proportion. Throws without a sample. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error('No sample was taken.');
  return below + (above - below) * (place - Math.floor(place));
}

export type Summary = { readonly median: number; readonly min: number; readonly max: number };

export function summarize(samples: readonly number[]): Summary {
  return { median: quantile(samples, 0.5), min: quantile(samples, 0), max: quantile(samples, 1) };
}

/** Median over median; undefined where one side has no sample or the divisor is zero. */
export function ratioOfMedians(own: readonly number[], other: readonly number[]): number | undefined {
  if (own.length === 0 || other.length === 0) return undefined;
  const ratio = quantile(own, 0.5) / quantile(other, 0.5);
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** The items, each round beginning one further on: no route always runs after the same other one. */
export function rotate<Item>(items: readonly Item[], round: number): Item[] {
  if (items.length === 0) return [];
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
