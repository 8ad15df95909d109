import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Io } from './io.ts';
import { printableStyled } from './printable.ts';
import { styleFor } from './style.ts';

/** Lines are not limited if stdout is not a terminal. */
const UNLIMITED = Number.POSITIVE_INFINITY;
const MIN_COLUMN_WIDTH = 8;
/** Texts up to this length, such as `in 12h`, are not wrapped. */
const MAX_UNWRAPPED = 10;
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

/** A column given as a title alone, or without a rank, is always shown. */
export type TableColumn =
  | string
  | {
      readonly title: string;
      /** Columns with the highest rank are omitted first. */
      readonly rank?: number;
      /** Its texts are arguments of other commands, so they are never broken: they must survive being copied. */
      readonly isWhole?: true;
    };

/**
 * Renders a table that is no wider than the terminal, with a trailing line break. Texts wrap between words. If that is not
 * enough, columns with a rank are omitted and a last line names them; words are broken only as a last resort, and those of
 * whole columns never. Cells can be styled with `styleFor`; everything else in them is made printable on one line.
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
  const note = `Omitted columns: ${missing.join(', ')}. Use --output json to see everything.`;
  return `${lines.join('\n')}\n${missing.length === 0 ? '' : `${style.faint(note)}\n`}`;
}

/** Width of a column with every text on one line (`natural`), and with no word broken (`least`). */
export type ColumnWidth = {
  readonly natural: number;
  readonly least: number;
  readonly isWhole?: boolean;
};

type Measured = ColumnWidth & { readonly title: string; readonly rank: number; readonly index: number };

function measure(column: TableColumn, index: number, texts: readonly (readonly string[])[]): Measured {
  const { title, rank = 0, isWhole = false } = typeof column === 'string' ? { title: column } : column;
  const cells = [title, ...texts.map((row) => row[index] ?? '')];
  const natural = widest(cells, '\n');
  return {
    title,
    rank,
    index,
    natural,
    isWhole,
    least: Math.max(widest(cells, /\s/), Math.min(natural, MAX_UNWRAPPED)),
  };
}

/** Returns the columns that fit without breaking words. */
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

/** Returns column widths that fit, including gaps. The widest columns shrink first; words are broken only if necessary. */
export function fit(columns: readonly ColumnWidth[], available: number): number[] {
  const widths = columns.map(({ natural }) => natural);
  const shrink = (least: (column: ColumnWidth) => number) => {
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
  shrink(({ least }) => least);
  shrink(({ natural, isWhole }) => (isWhole === true ? natural : MIN_COLUMN_WIDTH));
  return widths;
}

function cellText(cell: TableCell): string {
  return cell === undefined || cell === '' ? '-' : printableStyled(String(cell));
}

/** Breaks words that are longer than their column; they would be truncated otherwise. */
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

/** Width of a line, including gaps. */
function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP * Math.max(0, widths.length - 1));
}
