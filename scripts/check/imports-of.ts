import { SyntaxKind } from 'typescript/unstable/ast';
import { type Token, tokensOf } from './tokens.ts';

export type Import = {
  /** Undefined for a dynamic import with a computed name. */
  readonly specifier: string | undefined;
  /** Whether the import is erased at compile time: `import type` and `export type`. */
  readonly typeOnly: boolean;
  readonly line: number;
};

/** Every import of a file: static imports, re-exports, dynamic imports and `require`. */
export function importsOf(source: string): Import[] {
  const tokens = tokensOf(source);
  return tokens.flatMap((token, index) => {
    if (tokens[index - 1]?.kind === SyntaxKind.DotToken) return [];
    if (token.kind === SyntaxKind.ImportKeyword) return importAt(tokens, index);
    if (token.kind === SyntaxKind.ExportKeyword) return reExportAt(tokens, index);
    if (token.kind === SyntaxKind.RequireKeyword) return callAt(tokens, index);
    return [];
  });
}

function importAt(tokens: readonly Token[], index: number): Import[] {
  const next = tokens[index + 1];
  if (next === undefined || next.kind === SyntaxKind.DotToken) return [];
  if (next.kind === SyntaxKind.OpenParenToken) return callAt(tokens, index);
  if (next.kind === SyntaxKind.StringLiteral) {
    return [{ specifier: next.value, typeOnly: false, line: next.line }];
  }
  return fromClauseAt(tokens, index + 1);
}

function reExportAt(tokens: readonly Token[], index: number): Import[] {
  const next = tokens[index + 1];
  const subject = next?.kind === SyntaxKind.TypeKeyword ? tokens[index + 2] : next;
  const reExports = subject?.kind === SyntaxKind.AsteriskToken || subject?.kind === SyntaxKind.OpenBraceToken;
  return reExports ? fromClauseAt(tokens, index + 1) : [];
}

/** Parses `… from 'specifier'` after the keyword; empty if the statement ends before `from`. */
function fromClauseAt(tokens: readonly Token[], start: number): Import[] {
  const typeOnly =
    tokens[start]?.kind === SyntaxKind.TypeKeyword && tokens[start + 1]?.kind !== SyntaxKind.FromKeyword;
  for (let at = start; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined || token.kind === SyntaxKind.SemicolonToken) return [];
    const source = tokens[at + 1];
    if (token.kind === SyntaxKind.FromKeyword && source?.kind === SyntaxKind.StringLiteral) {
      return [{ specifier: source.value, typeOnly, line: source.line }];
    }
    // `export { a }` without a source: what follows is the next statement.
    if (token.kind === SyntaxKind.CloseBraceToken && source?.kind !== SyntaxKind.FromKeyword) return [];
  }
  return [];
}

function callAt(tokens: readonly Token[], index: number): Import[] {
  const open = tokens[index + 1];
  const argument = tokens[index + 2];
  if (open?.kind !== SyntaxKind.OpenParenToken || argument === undefined) return [];
  const isLiteral =
    argument.kind === SyntaxKind.StringLiteral || argument.kind === SyntaxKind.NoSubstitutionTemplateLiteral;
  return [{ specifier: isLiteral ? argument.value : undefined, typeOnly: false, line: argument.line }];
}
