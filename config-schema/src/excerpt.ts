import type { ConfigProblem } from './problem.ts';
import type { Finding } from './yaml/finding.ts';
import { pathWords } from './yaml/path-words.ts';
import type { Node } from './yaml/tree.ts';

/** Maximum number of characters shown of a source line. */
const WIDTH = 120;

/** A problem with a file as a whole, without an excerpt. */
export function fileProblem(
  code: ConfigProblem['code'],
  file: string | undefined,
  message: string,
  suggestion: string,
): ConfigProblem {
  return { code, file, line: 1, column: 1, length: 1, path: '', message, suggestion, excerpt: '' };
}

/** Finds lines, columns, and excerpts in one text. */
export class SourceText {
  readonly #text: string;
  readonly #shown: string;
  readonly #starts: number[] = [0];

  /** `shown` is the text with secrets masked, character for character. */
  constructor(text: string, shown: string) {
    this.#text = text;
    this.#shown = shown;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  problem(finding: Finding, root: Node | undefined, file: string | undefined): ConfigProblem {
    const [start, end] = finding.range;
    const index = this.#lineAt(Math.min(start, this.#text.length));
    const from = this.#starts[index] ?? 0;
    const to = this.#lineEnd(index);
    const column = Math.max(0, Math.min(start, to) - from);
    const length = Math.max(1, Math.min(end, to) - (from + column));
    return {
      code: finding.code,
      file,
      line: index + 1,
      column: column + 1,
      length,
      path: visible(pathWords(root, finding.path)),
      message: visible(finding.message),
      suggestion: finding.suggestion,
      excerpt: excerpt(this.#shown.slice(from, to), index + 1, column, length),
    };
  }

  #lineAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #lineEnd(index: number): number {
    const next = this.#starts[index + 1];
    const end = next === undefined ? this.#text.length : next - 1;
    return this.#text[end - 1] === '\r' ? end - 1 : end;
  }
}

function excerpt(line: string, number: number, column: number, length: number): string {
  const start = column < WIDTH - 20 ? 0 : column - 40;
  const piece = line.slice(start, start + WIDTH);
  const before = start > 0 ? '…' : '';
  const after = start + WIDTH < line.length ? '…' : '';
  const gutter = String(number).padStart(4);
  // Tabs are kept, which aligns the carets with the text they mark.
  const indent = (before + piece.slice(0, column - start)).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.max(1, Math.min(length, piece.length - (column - start))));
  return `${gutter} | ${before}${visible(piece)}${after}\n${' '.repeat(gutter.length)} | ${indent}${carets}`;
}

/** Control characters could steer a terminal; they are shown as dots. */
function visible(text: string): string {
  return text.replace(/(?!\t)\p{Cc}/gu, '·');
}
