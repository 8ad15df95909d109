export type MarkedText = {
  readonly text: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
};

/** Text in which «these marks» enclose the expected range of a problem. */
export function marked(source: string): MarkedText {
  const start = source.indexOf('«');
  const end = source.indexOf('»');
  if (start === -1 || end < start) throw new Error('The text has no «marks».');
  const before = source.slice(0, start).split('\n');
  return {
    text: source.replace('«', '').replace('»', ''),
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    length: end - start - 1,
  };
}
