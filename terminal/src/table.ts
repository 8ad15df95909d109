import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Io } from './io.ts';
import { printableStyled } from './printable.ts';
import { styleFor } from './style.ts';

/** Where stdout is no terminal nothing limits a line. */
const UNLIMITED = Number.POSITIVE_INFINITY;
const NARROWEST_COLUMN = 8;
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

/**
 * Rows below a head, as wide as they need and no wider than the terminal: the widest columns wrap first.
 * Ends with a line break. Cells may be styled with `styleFor`; nothing in them can steer the terminal.
 */
export function table(head: readonly string[], rows: readonly (readonly TableCell[])[], io: Io): string {
  const texts = rows.map((row) => head.map((_, index) => cellText(row[index])));
  const width = io.stdout.isTTY === true ? (io.stdout.columns ?? 80) : UNLIMITED;
  const widths = fit(
    head.map((title, index) => widest([title, ...texts.map((row) => row[index] ?? '')])),
    width,
  );
  const style = styleFor(io.stdout, io.environment);
  const output = new Table({
    head: head.map((title, index) => style.strong(breakWords(title, widths[index] ?? 1))),
    colWidths: widths,
    wordWrap: true,
    chars: plainBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  output.push(...texts.map((row) => row.map((text, index) => breakWords(text, widths[index] ?? 1))));
  const lines = output
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return `${lines.join('\n')}\n`;
}

/** Column widths that fit in all, gaps included. */
export function fit(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  const gaps = GAP * Math.max(0, widths.length - 1);
  for (let over = sum(widths) + gaps - available; over > 0; over -= 1) {
    const widestColumn = widths.indexOf(Math.max(...widths));
    const width = widths[widestColumn] ?? 0;
    if (width <= NARROWEST_COLUMN) break;
    widths[widestColumn] = width - 1;
  }
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

function widest(texts: readonly string[]): number {
  const lengths = texts
    .flatMap((text) => stripVTControlCharacters(text).split('\n'))
    .map((line) => line.length);
  return Math.max(1, ...lengths);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
