import { accepted, type FieldResult, refused } from './field-result.ts';

const BYTES = new Map([
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
]);

/** For editors; equivalent to the parser. */
export const sizePattern = '^[0-9]{1,12}(B|KiB|MiB|GiB)$';

/** Parses a size such as `64KiB` to bytes. */
export function parseSize(text: string): FieldResult<number> {
  const match = /^([0-9]{1,12})(B|KiB|MiB|GiB)$/.exec(text);
  const factor = BYTES.get(match?.[2] ?? '');
  if (match === null || factor === undefined) {
    return refused(
      'INVALID_SIZE',
      /^[0-9]+$/.test(text) ? 'has no unit' : 'must be a size',
      'Write a whole number with a unit: 512B, 64KiB, 256MiB, or 1GiB.',
    );
  }
  return accepted(Number(match[1]) * factor);
}

/** Formats bytes in the largest unit that divides them. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of BYTES) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}
