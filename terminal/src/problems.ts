import type { ConfigProblem } from '@penstock/config-schema';
import { annotation } from './github-annotation.ts';
import { json, type OutputFormat } from './output-format.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** Renders the problems of a configuration file, with a trailing line break. */
export function renderProblems(
  problems: readonly ConfigProblem[],
  format: OutputFormat,
  style: Style,
): string {
  switch (format) {
    case 'json':
      return json({ valid: false, problems });
    case 'github':
      return problems.map(problemAnnotation).join('');
    case 'text':
      return problems.map((problem) => problemText(problem, style)).join('\n');
  }
}

/** `agent.yaml:3:10 …`, the excerpt, and a suggestion. Editors and terminals link the location. */
function problemText(problem: ConfigProblem, style: Style): string {
  const { file, line, column, code, message, excerpt, suggestion } = problem;
  const place = style.strong(`${file ?? 'configuration'}:${line}:${column}`);
  const title = `${place} ${style.bad(code)} ${printable(message)}\n`;
  const [source = '', carets = ''] = excerpt.split('\n');
  const shown = excerpt === '' ? '' : `${printable(source)}\n${style.bad(carets)}\n`;
  return `${title}${shown}  ${printable(suggestion)}\n`;
}

function problemAnnotation({ file, line, column, length, code, message, suggestion }: ConfigProblem): string {
  return annotation('error', `${message} ${suggestion}`, {
    ...(file === undefined ? {} : { file }),
    line,
    endLine: line,
    col: column,
    endColumn: column + length,
    title: code,
  });
}
