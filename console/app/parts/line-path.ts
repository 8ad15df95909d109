/**
 * The SVG path of a line through values at equal distances, from zero at the bottom to the largest value at the top. It is
 * interrupted where more than `maxMissing` values are missing. `top` is the largest value, rounded.
 */
export function linePath(
  values: readonly (number | undefined)[],
  width: number,
  height: number,
  maxMissing = 0,
): { readonly path: string; readonly top: number } {
  const largest = Math.max(0, ...values.filter((value) => value !== undefined));
  const scale = largest === 0 ? 0 : (height - 2) / largest;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let missing = Number.POSITIVE_INFINITY;
  const parts = values.map((value, index) => {
    if (value === undefined) {
      missing += 1;
      return '';
    }
    const point = `${round(index * step)} ${round(height - 1 - Math.max(0, value) * scale)}`;
    const isJoined = missing <= maxMissing;
    missing = 0;
    // A point of its own is a line of no length, which a round cap makes visible.
    return isJoined ? `L${point}` : `M${point}h0`;
  });
  return { path: parts.join(''), top: Math.round(largest * 100) / 100 };
}

const round = (value: number) => Math.round(value * 10) / 10;
