import { accepted, type FieldResult, refused } from './field-result.ts';

const MILLISECONDS = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);

/** For editors; equivalent to the parser. */
export const durationPattern = '^[0-9]{1,9}(ms|s|m|h|d)$';

/** Parses a duration such as `30s` to milliseconds. */
export function parseDuration(text: string): FieldResult<number> {
  const match = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(text);
  const factor = MILLISECONDS.get(match?.[2] ?? '');
  if (match === null || factor === undefined) {
    return refused(
      'INVALID_DURATION',
      /^[0-9]+$/.test(text) ? 'has no unit' : 'must be a duration',
      'Write a whole number with a unit: 500ms, 30s, 5m, 24h, or 7d.',
    );
  }
  return accepted(Number(match[1]) * factor);
}

/** Formats milliseconds in the largest unit that divides them. */
export function formatDuration(milliseconds: number): string {
  for (const [unit, factor] of MILLISECONDS) {
    if (milliseconds >= factor && milliseconds % factor === 0) return `${milliseconds / factor}${unit}`;
  }
  return `${milliseconds}ms`;
}
