export type DiffRow = {
  readonly key: number;
  readonly kind: 'added' | 'removed' | 'same' | 'gap';
  readonly text: string;
};

type Change = { readonly value: string; readonly added?: boolean; readonly removed?: boolean };

/** Unchanged lines that are shown around changes. */
const CONTEXT = 3;

/** The lines of a diff, with long runs of unchanged lines replaced by their number. */
export function diffRows(changes: readonly Change[]): DiffRow[] {
  const rows: DiffRow[] = [];
  const add = (kind: DiffRow['kind'], text: string) => rows.push({ key: rows.length, kind, text });
  for (const [index, { value, added, removed }] of changes.entries()) {
    const lines = value.replace(/\n$/, '').split('\n');
    if (added === true || removed === true) {
      for (const line of lines) add(added === true ? 'added' : 'removed', line);
      continue;
    }
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === changes.length - 1 ? 0 : CONTEXT;
    if (changes.length === 1 || lines.length <= head + tail + 1) {
      for (const line of lines) add('same', line);
      continue;
    }
    for (const line of lines.slice(0, head)) add('same', line);
    add('gap', `${lines.length - head - tail} unchanged lines`);
    for (const line of lines.slice(lines.length - tail)) if (tail > 0) add('same', line);
  }
  return rows;
}
