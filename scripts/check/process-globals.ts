import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import type { Check } from './check.ts';
import { roomNames } from './rooms.ts';
import { type Token, tokensOf } from './tokens.ts';
import { treeFiles } from './tree.ts';

const PROGRAM = new RegExp(`^(${roomNames.join('|')})/src/`);
const ALLOWED = /^((agent|gateway)\/src\/(main\.ts$|cli\/)|operator\/src\/)/;
const RESTRICTED_MEMBERS = new Set(['env', 'argv', 'argv0', 'execArgv', 'exit', 'exitCode', 'abort']);

export const processGlobalsCheck: Check = {
  name: 'process globals',
  promise:
    'only main.ts, cli/ and operator use the environment, the arguments and the exit code of the process',
  async run(root) {
    const files = (await treeFiles(root, '.ts')).filter((file) => PROGRAM.test(file) && !ALLOWED.test(file));
    const problems = await Promise.all(
      files.map(async (file) => problemsOf(file, await readFile(join(root, file), 'utf8'))),
    );
    return { problems: problems.flat() };
  },
};

/** The uses of `process` in a file that only the outermost files may contain. */
export function problemsOf(file: string, source: string): string[] {
  const tokens = tokensOf(source);
  return tokens.flatMap((token, index) => {
    const name = restrictedUseAt(tokens, index);
    if (name === undefined) return [];
    return [`${file}:${token.line} uses ${name}: read it in main.ts or cli/ and pass it as an argument`];
  });
}

function restrictedUseAt(tokens: readonly Token[], index: number): string | undefined {
  const token = tokens[index];
  if (token?.kind === SyntaxKind.StringLiteral && /^(node:)?process$/.test(token.value)) {
    return tokens[index - 1]?.kind === SyntaxKind.FromKeyword ? 'node:process' : undefined;
  }
  if (token?.text !== 'process' || tokens[index - 1]?.kind === SyntaxKind.DotToken) return undefined;
  const access = tokens[index + 1];
  const member = tokens[index + 2];
  if (access?.kind === SyntaxKind.DotToken || access?.kind === SyntaxKind.OpenBracketToken) {
    return member !== undefined && RESTRICTED_MEMBERS.has(member.value)
      ? `process.${member.value}`
      : undefined;
  }
  // `const { env } = process` would otherwise hide the use of a member from this check.
  const isDestructured = tokens[index - 1]?.kind === SyntaxKind.EqualsToken;
  return isDestructured ? 'process as a whole' : undefined;
}
