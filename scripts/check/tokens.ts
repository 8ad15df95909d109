import { createScanner, SyntaxKind } from 'typescript/unstable/ast';

export type Token = {
  readonly kind: SyntaxKind;
  /** The source text of the token. */
  readonly text: string;
  /** The content of a string literal. */
  readonly value: string;
  /** Starting at 1. */
  readonly line: number;
};

/** After one of these, a slash is a division; after any other token, it starts a regular expression. */
const OPERAND_ENDS = new Set<SyntaxKind>([
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.ThisKeyword,
  SyntaxKind.SuperKeyword,
]);

/** The tokens of a TypeScript file without comments, from TypeScript's own scanner and without a parser. */
export function tokensOf(source: string): Token[] {
  const scanner = createScanner(true);
  scanner.setText(source);
  const tokens: Token[] = [];
  // For each open template literal, the number of open braces in its current substitution.
  const templates: number[] = [];
  const lines = lineCounter(source);
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    const depth = templates.at(-1);
    if (kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken) {
      const last = tokens.at(-1)?.kind;
      if (last === undefined || !OPERAND_ENDS.has(last)) kind = scanner.reScanSlashToken();
    } else if (kind === SyntaxKind.TemplateHead) {
      templates.push(0);
    } else if (kind === SyntaxKind.OpenBraceToken && depth !== undefined) {
      templates[templates.length - 1] = depth + 1;
    } else if (kind === SyntaxKind.CloseBraceToken && depth !== undefined) {
      if (depth > 0) {
        templates[templates.length - 1] = depth - 1;
      } else {
        kind = scanner.reScanTemplateToken(false);
        if (kind === SyntaxKind.TemplateTail) templates.pop();
      }
    }
    tokens.push({
      kind,
      text: scanner.getTokenText(),
      value: scanner.getTokenValue(),
      line: lines(scanner.getTokenStart()),
    });
  }
  return tokens;
}

/** Returns a function from position to line. It must be called with ascending positions. */
function lineCounter(source: string): (position: number) => number {
  let line = 1;
  let next = source.indexOf('\n');
  return (position) => {
    while (next !== -1 && next < position) {
      line += 1;
      next = source.indexOf('\n', next + 1);
    }
    return line;
  };
}
