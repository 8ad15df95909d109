import { printable, printableLine } from '@penstock/runtime';
import { isStyled } from './style.ts';

export { printable, printableLine };

/** What `styleFor` returns, or looks like it. */
const STYLE = String.raw`\u001b\[[0-9]+m`;
const styled = new RegExp(String.raw`${STYLE}[^\u001b]*${STYLE}`, 'gu');

/** Makes text of one line printable, except for the parts that `styleFor` has styled, whose own text is printable already. */
export function printableStyled(text: string): string {
  let result = '';
  let end = 0;
  for (const { 0: piece, index } of text.matchAll(styled)) {
    result += printableLine(text.slice(end, index));
    result += isStyled(piece) ? piece.replace(/[\n\t]/g, '·') : printableLine(piece);
    end = index + piece.length;
  }
  return result + printableLine(text.slice(end));
}
