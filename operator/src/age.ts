const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** Formats a duration in its largest unit, rounded down: `3h`. */
export function span(milliseconds: number): string {
  for (const [unit, size] of UNITS) {
    if (milliseconds >= size) return `${Math.floor(milliseconds / size)}${unit}`;
  }
  return '0s';
}

/** Formats an RFC 3339 time relative to now: `5s ago`, `in 3h`. */
export function relativeTime(time: string | undefined, now: number): string | undefined {
  if (time === undefined) return undefined;
  const difference = Date.parse(time) - now;
  if (Number.isNaN(difference)) return undefined;
  return difference > 0 ? `in ${span(difference)}` : `${span(-difference)} ago`;
}
