import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Io } from './io.ts';
import { printableStyled } from './printable.ts';
import { styleFor } from './style.ts';

/** Where stdout is no terminal nothing limits a line. */
const UNLIMITED = Number.POSITIVE_INFINITY;
const NARROWEST_COLUMN = 8;
/** A text no longer than this, such as `in 12h`, looks wrong on two lines. */
const SHORT = 10;
const GAP = 2;

const plainBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};

export type TableCell = string | number | boolean | undefined;

/** A title alone is a column that is always shown. */
export type TableColumn =
  | string
  | { readonly title: string /** The highest is left out first. */; readonly rank: number };

/**
 * Rows below a head, no wider than the terminal. Texts wrap between words; where that is not enough, columns with a
 * rank are left out, and a last line names them. Only what still has no room is broken inside a word. Ends with a
 * line break. Cells may be styled with `styleFor`; nothing in them can steer the terminal.
 */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  io: Io,
): string {
  const texts = rows.map((row) => columns.map((_, index) => cellText(row[index])));
  const available = io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : UNLIMITED;
  const measured = columns.map((column, index) => measure(column, index, texts));
  const shown = select(measured, available);
  const widths = fit(shown, available);
  const style = styleFor(io.stdout, io.environment);
  const output = new Table({
    head: shown.map(({ title }, at) => style.strong(breakWords(title, widths[at] ?? 1))),
    colWidths: widths,
    wordWrap: true,
    chars: plainBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  output.push(
    ...texts.map((row) => shown.map(({ index }, at) => breakWords(row[index] ?? '', widths[at] ?? 1))),
  );
  const lines = output
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const missing = measured.filter((column) => !shown.includes(column)).map(({ title }) => title);
  const note = `Left out here: ${missing.join(', ')}. All of it: --output json.`;
  return `${lines.join('\n')}\n${missing.length === 0 ? '' : `${style.faint(note)}\n`}`;
}

/** How wide a column is with every text on one line, and with no word broken. */
export type ColumnWidth = { readonly natural: number; readonly least: number };

type Measured = ColumnWidth & { readonly title: string; readonly rank: number; readonly index: number };

function measure(column: TableColumn, index: number, texts: readonly (readonly string[])[]): Measured {
  const { title, rank } = typeof column === 'string' ? { title: column, rank: 0 } : column;
  const cells = [title, ...texts.map((row) => row[index] ?? '')];
  const natural = widest(cells, '\n');
  return { title, rank, index, natural, least: Math.max(widest(cells, /\s/), Math.min(natural, SHORT)) };
}

/** The columns that fit with no word broken. */
export function select<Column extends ColumnWidth & { readonly rank: number }>(
  columns: readonly Column[],
  available: number,
): Column[] {
  const shown = [...columns];
  while (total(shown.map(({ least }) => least)) > available) {
    const rank = Math.max(0, ...shown.map((column) => column.rank));
    if (rank === 0) break;
    shown.splice(
      shown.findLastIndex((column) => column.rank === rank),
      1,
    );
  }
  return shown;
}

/** Column widths that fit in all, gaps included: the widest give way first, and break words only when they must. */
export function fit(columns: readonly ColumnWidth[], available: number): number[] {
  const widths = columns.map(({ natural }) => natural);
  const roomFor = (least: (column: ColumnWidth) => number) => {
    for (let over = total(widths) - available; over > 0; over -= 1) {
      const spare = columns.map((column, index) =>
        (widths[index] ?? 0) > least(column) ? (widths[index] ?? 0) : 0,
      );
      const widestColumn = spare.indexOf(Math.max(...spare));
      const width = spare[widestColumn] ?? 0;
      if (width === 0) return;
      widths[widestColumn] = width - 1;
    }
  };
  roomFor(({ least }) => least);
  roomFor(() => NARROWEST_COLUMN);
  return widths;
}

function cellText(cell: TableCell): string {
  return cell === undefined || cell === '' ? '-' : printableStyled(String(cell));
}

/** A word longer than its column would be cut off; a digest that is cut off is of no use. */
function breakWords(text: string, width: number): string {
  if (stripVTControlCharacters(text) !== text) return text;
  return text.replace(new RegExp(`\\S{${width}}(?=\\S)`, 'g'), '$&\n');
}

function widest(texts: readonly string[], between: string | RegExp): number {
  const lengths = texts
    .flatMap((text) => stripVTControlCharacters(text).split(between))
    .map((piece) => piece.length);
  return Math.max(1, ...lengths);
}

/** Of a whole line, gaps included. */
function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP * Math.max(0, widths.length - 1));
}
